import type { InboxFact, InboxItem, SettledItem } from '../../src-shared/queries/inbox.ts'
import type { Suggestion } from '../../src-shared/rules/inbox-suggestions.ts'
import { formatMoney } from '../../src-shared/money.ts'
import type { InstantText } from '../../src-shared/time.ts'
import { attendanceTexts } from './attendance.ts'
import { type ErrorCode, errorCodes, type ErrorData } from '../../src-shared/errors.ts'
import { commandText, type Remedy, type Wording } from './commands.ts'
import { errorText } from './errors.ts'
import { momentText, type Place } from './when.ts'

/** Why it did not go through. */
export const whyText = ({ error, by }: Pick<InboxItem, 'error' | 'by'>): string => {
  const { reason, receipt } = error.details
  const refusal = errorCodes.find((code) => code === reason)
  // A payment that was refused, whose money is kept: its invoices wait as before.
  if (error.code === 'left_as_credit' && refusal) {
    return `${reasonText({ code: refusal, details: {} }, by)} The money is kept as credit of the family, for no invoice.`
  }
  const why = reasonText(error, by)
  return typeof receipt === 'string' ? `${why} The receipt ${receipt} was drawn for it.` : why
}

/** What `errorText` says is meant for who is doing it at this moment. */
const reasonText = (error: Pick<ErrorData, 'code' | 'details'>, by: InboxItem['by']): string => {
  const texts: Partial<Record<ErrorCode, string>> = {
    forbidden: `The role of ${by ?? 'this person'} does not cover it.`,
    lease_invalid: `The server does not know the sign-in of ${by ?? 'this person'}.`,
    device_revoked: 'The computer was shut out before this arrived.',
    roll_closed: 'This roll was closed already.',
    not_found: 'What this is about is not there any more.',
    invalid_input: 'Foyer cannot make sense of this entry.',
    bad_text: 'The text has a character that cannot be stored.',
    not_booked: 'This child has no place in this class.',
    sequence_gap: 'This computer was copied or set back: what it sent before has the same number.',
    mutation_changed: 'The server has another version of this change.',
    unknown_command: 'The server does not know this action.',
    constraint: 'This does not fit with what the server has.',
    receipt_number_taken: 'Another payment has the number of its receipt.',
  }
  return texts[error.code] ?? errorText(error)
}

/** What to do, as a colleague would say it. */
export const suggestionTexts: Readonly<Record<Suggestion, string>> = {
  nothing_to_do: 'Nothing to do. Accept it when you have read it.',
  credit_or_refund:
    'Nothing is lost: the money is on the family’s account. Leave it there, or void the receipt and give it back.',
  book_the_money: 'The money was taken but is in no book. Do it again, and change what was wrong.',
  ask_manager: 'Somebody whose role covers it can do it again, or drop it.',
  add_walk_in: 'Add the child as a walk-in first. Then do this again.',
  session_is_off: 'The class does not take place. If nobody came, accept it.',
  first_the_other: 'It follows from the change above. Settle that one first.',
  do_again_changed: 'Do it again, and change what cannot be saved.',
  do_again: 'Look whether it is still needed. If so, do it again.',
  look: 'Look what is there now. If there is nothing left to do, accept it.',
  enter_anew:
    'Compare with receipts and rolls on paper, enter again what is missing, then drop this and say what you did.',
  tell_support:
    'Look whether it is missing, and do it again if so. Tell support: this computer was copied or set back, or needs an update.',
}

export const settledTexts: Readonly<Record<SettledItem['settled']['state'], string>> = {
  accepted: 'Accepted',
  redone: 'Done again',
  dropped: 'Dropped',
}

interface Seen {
  readonly wording: Wording
  readonly now: InstantText
  readonly place: Place
}

type Titled = Pick<InboxItem, 'command' | 'args' | 'is_hidden' | 'is_attempt'> & Partial<Pick<InboxItem, 'about'>>

/** What it was; to who may not read it, only of which kind. */
export const itemText = (
  item: Titled,
  wording: Wording,
): { readonly text: string; readonly remedy: Remedy | undefined } => {
  if (item.is_hidden) {
    return {
      text: item.command.startsWith('payment.') ? 'A payment' : 'A change that not everybody may read',
      remedy: undefined,
    }
  }
  if (item.about) {
    const { text } = commandText(item.about.command, item.about.args, wording)
    return { text: `${item.command === 'inbox.drop' ? 'Dropping' : 'Accepting'}: ${text}`, remedy: undefined }
  }
  const { text, remedy } = commandText(item.command, item.args, wording)
  return { text: item.is_attempt ? `Done again: ${text}` : text, remedy }
}

/** `16:03 by Ana Berg at Pool desk`. */
export const whoText = (
  { at, by, desk }: { readonly at: string | null; readonly by: string | null; readonly desk: string | null },
  { now, place }: Pick<Seen, 'now' | 'place'>,
): string =>
  [
    at === null ? 'at an unknown time' : momentText(at, now, place),
    `by ${by ?? 'somebody'}`,
    desk === null ? '' : `at ${desk}`,
  ]
    .filter((part) => part !== '')
    .join(' ')

const statusTexts: Readonly<Record<string, string>> = {
  cancelled: 'was cancelled',
  rescheduled: 'was moved to another time',
}

const codeText = (code: string): string =>
  Object.hasOwn(attendanceTexts, code) ? attendanceTexts[code as keyof typeof attendanceTexts] : code

const directions: Readonly<Record<string, string>> = {
  in: 'checked in',
  out: 'checked out',
  undo: 'check-in taken back',
}

/** What the server has instead: the value first, then who, when and where. */
export const factText = (fact: InboxFact, { wording, now, place }: Seen): string => {
  const { names, currency, locale } = wording
  const who = 'at' in fact ? whoText(fact, { now, place }) : ''
  switch (fact.kind) {
    case 'session':
      return `${names[fact.session_id] ?? 'The class'} ${statusTexts[fact.status] ?? `is ${fact.status}`}`
    case 'roll_closed':
      return `Roll closed ${who}`
    case 'mark':
      return `${names[fact.student_id] ?? 'The child'}: ${codeText(fact.code)}, ${who}`
    case 'check_in':
      return `${names[fact.student_id] ?? 'The child'}: ${directions[fact.direction] ?? fact.direction} ${who}`
    case 'payment':
      return `${formatMoney(fact.amount, currency, locale)} paid${fact.receipt === null ? '' : ` with receipt ${fact.receipt}`}, ${who}`
    case 'receipt':
      return `Receipt ${fact.receipt} is for ${formatMoney(fact.amount, currency, locale)}, ${who}`
    case 'void':
      return `Voided ${who}: ${fact.reason}`
    case 'mutation':
      return `Another change with the same number, saved ${who}`
    case 'settlement':
    default:
      return `${settledState(fact.state)} ${who}${fact.note === null ? '' : `: “${fact.note}”`}`
  }
}

const settledState = (state: string): string =>
  Object.hasOwn(settledTexts, state) ? settledTexts[state as keyof typeof settledTexts] : 'Settled'
