import type { ErrorCode, ErrorData, ErrorDetails } from '../../src-shared/errors.ts'

const seconds = (details: ErrorDetails): string => {
  const wait = details['retry_after_seconds']
  return typeof wait === 'number' ? ` for ${wait} seconds` : ' for a moment'
}

const count = (details: ErrorDetails, one: string, many: string): string => {
  const missing = details['missing']
  if (typeof missing !== 'number') return `Some ${many} have`
  return missing === 1 ? `1 ${one} has` : `${missing} ${many} have`
}

/** What happened, what is safe, what to do: as a colleague would say it. */
const texts: Readonly<Record<ErrorCode, (details: ErrorDetails) => string>> = {
  invalid_input: () => 'Foyer could not make sense of this entry. Nothing was changed. Check it and try once more.',
  not_found: () => 'This is no longer here. Somebody may have changed it. Go back and look again.',
  forbidden: () => 'Your role does not cover this. Ask somebody who may.',
  wrong_password: () => 'That name and password do not go together. Type them again.',
  too_many_attempts: (details) => `Too many tries. Wait${seconds(details)}, then try again.`,
  needs_internet: () => 'This needs the internet once, and the server does not answer. Connect and try again.',
  signed_out: () => 'Nobody is signed in here. Sign in to go on; what was saved is safe.',
  lease_expired: () =>
    'You have been offline for long. Check-in and attendance go on; sign in once with internet for the rest.',
  lease_invalid: () => 'The server does not know this sign-in any more. Sign in again; what was saved is safe.',
  unauthenticated: () => 'This computer is renewing its access. It goes on by itself.',
  device_revoked: () =>
    'An administrator has shut this computer out. Once somebody who has worked here is signed in, what was saved goes to the office and all data is removed.',
  code_invalid: () => 'This code does not work: it is used, too old or mistyped. Check it, or ask for a new one.',
  not_enrolled: () => 'This computer does not belong to a facility yet. Enter its code.',
  sequence_gap: () => 'The server is missing an earlier change from this computer. It is being sent again by itself.',
  mutation_changed: () =>
    'The server has another version of this change. Nothing was overwritten. Tell your administrator.',
  unknown_command: () => 'This version of Foyer does not know this action. Update Foyer; what was saved is safe.',
  update_needed: ({ part }) =>
    part === 'server'
      ? 'The server is older than this program, so no new data comes in. What you do here is safe. Tell your administrator.'
      : part === 'desk'
        ? 'A newer Foyer has worked on this computer. Update Foyer; what was saved is safe.'
        : 'This program is too old to get new data. Update Foyer; what you do here is still sent.',
  not_booked: () => 'This child has no place in this class today. Add a walk-in instead.',
  already_booked: () => 'This child has a place in this class already.',
  session_cancelled: () => 'This session was cancelled.',
  roll_closed: () => 'This roll is closed. Ask the office to correct it.',
  roll_incomplete: (details) =>
    `${count(details, 'child', 'children')} no mark yet. Mark everybody, then close the roll.`,
  not_checked_in: () => 'This child is not checked in, so there is nothing to check out.',
  tendered_too_little: () => 'That is less than the amount. Enter what was handed over.',
  reference_missing: () => 'This way to pay needs a reference, such as the number of the slip.',
  already_settled: () => 'Somebody else has settled this already. What they decided stands.',
  money_unbooked: () =>
    'This money was taken and is in no book yet. Book it with “Do again”, or a manager drops it and says why.',
  reason_missing: () => 'Say why, so that others understand it later.',
  already_voided: () => 'This receipt was voided before.',
  left_as_credit: () =>
    'What this money was meant for is paid already, or was taken back. It is kept as credit of the family.',
  receipt_number_taken: () =>
    'The payment counts, but its receipt number was used by another computer. Print a new receipt.',
  constraint: () => 'This does not fit with what the server has. Nothing was changed there. Go back and look again.',
  bad_text: () => 'The text has a character that cannot be stored. Type it again.',
  too_large: () => 'This is more than the server takes at once. It goes on in smaller parts by itself.',
  position_gone: () => 'The server has moved on since. It goes on by itself.',
  rate_limited: () => 'The server asks for a short pause. It goes on by itself.',
  unavailable: (details) =>
    details['window_alone'] === true
      ? 'Foyer on this computer does not answer this window. Look whether your last step was saved before you do it again.'
      : 'The server does not answer. Everything is saved on this computer and is sent later by itself.',
  database_unreadable: (details) =>
    details['renewing'] === true
      ? 'A part of the data on this computer is damaged. It is fetched again by itself as soon as there is internet.'
      : 'The data on this computer cannot be read. Nothing was deleted. Leave it as it is and call for help.',
  work_lost: () =>
    'This was saved on a computer whose disk was damaged since, and cannot be read any more. Look what is missing after that time, and enter it again.',
  disk_full: () => 'The disk of this computer is full. Make room; what was saved is safe.',
  disk_failing: () => 'The disk of this computer cannot be written. What was saved is safe. Call for help.',
  save_unknown: () =>
    'The disk failed while saving. Look whether it was saved before you do it again, and call for help.',
  unexpected: (details) =>
    `Something went wrong in Foyer. What was saved is safe.${
      typeof details['id'] === 'string' ? ` Tell support this number: ${details['id']}.` : ''
    }`,
}

export const errorText = (error: Pick<ErrorData, 'code' | 'details'>): string => texts[error.code](error.details)
