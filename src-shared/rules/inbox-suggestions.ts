import { type ErrorCode, errorCodes } from '../errors.ts'
import { isNotice, workOf } from './inbox.ts'

/** What a person can do about an item. The window has the words. */
const suggestions = [
  /** Somebody settled it first, or what was wanted is so already: read it and accept. */
  'nothing_to_do',
  /** The money is kept as credit of the family: leave it, or void the payment and give it back. */
  'credit_or_refund',
  /** Money was taken and is in no book: do it again, changed where it was wrong. */
  'book_the_money',
  /** The role of the person does not cover it: somebody who may does it again, or drops it. */
  'ask_manager',
  /** The child has no place: add it as walk-in, then do it again. */
  'add_walk_in',
  /** The session does not take place: nothing to record, drop it. */
  'session_is_off',
  /** Settle the item that it follows from, then do this again. */
  'first_the_other',
  /** Something in it cannot be stored or read: do it again with changes. */
  'do_again_changed',
  /** It may go now: do it again. */
  'do_again',
  /** What it is about is not there any more: look, then drop it. */
  'look',
  /** What it was is gone: find it out from paper and people, enter it anew, then drop this. */
  'enter_anew',
  /** The computer was copied or set back, or its program is another one: do again what is missing, and tell support. */
  'tell_support',
] as const
export type Suggestion = (typeof suggestions)[number]

const byCode: Readonly<Partial<Record<ErrorCode, Suggestion>>> = {
  already_settled: 'nothing_to_do',
  already_booked: 'nothing_to_do',
  already_voided: 'nothing_to_do',
  left_as_credit: 'credit_or_refund',
  receipt_number_taken: 'credit_or_refund',
  forbidden: 'ask_manager',
  lease_invalid: 'ask_manager',
  lease_expired: 'ask_manager',
  device_revoked: 'ask_manager',
  roll_closed: 'ask_manager',
  not_booked: 'add_walk_in',
  session_cancelled: 'session_is_off',
  not_found: 'look',
  unknown_command: 'tell_support',
  mutation_changed: 'tell_support',
  sequence_gap: 'tell_support',
  invalid_input: 'do_again_changed',
  bad_text: 'do_again_changed',
  tendered_too_little: 'do_again_changed',
  reference_missing: 'do_again_changed',
  too_large: 'do_again_changed',
}

interface Decided {
  /** Of an attempt to do something again: the command that was to be done again. */
  readonly command: string
  readonly outcome: 'merged' | 'refused'
  readonly code: string
  readonly caused_by: string | null
}

export const suggestionFor = ({ command, outcome, code, caused_by }: Decided): Suggestion => {
  if (command === 'work.lost') return 'enter_anew'
  if (isNotice({ command })) return 'nothing_to_do'
  if (outcome === 'refused' && caused_by !== null) return 'first_the_other'
  const known = errorCodes.find((one) => one === code)
  const usual = (known && byCode[known]) ?? 'do_again'
  return outcome === 'refused' && workOf(command).holdsMoney && usual !== 'tell_support' ? 'book_the_money' : usual
}

/** The suggestion of an item; one that this program does not know means to look at it. */
export const suggestionOf = (text: string): Suggestion => suggestions.find((one) => one === text) ?? 'look'
