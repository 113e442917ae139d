/**
 * Every refusal that Foyer foresees. The comment says what the person can do about it.
 * HTTP statuses and texts are total over this list, so a new code does not compile until both know it.
 */
export const errorCodes = [
  /** The arguments do not have the right form. A bug of the sender, or a body that was tampered with. */
  'invalid_input',
  /** The row is not (or no longer) there: go back and look again. */
  'not_found',
  /** The role does not allow it: ask somebody who may. */
  'forbidden',
  /** Name or password is wrong: type it again. */
  'wrong_password',
  /** Too many wrong passwords: wait for `retry_after_seconds`. */
  'too_many_attempts',
  /** Only the server can do this: connect to the internet. */
  'needs_internet',
  /** Nobody is signed in: sign in. */
  'signed_out',
  /** The lease of this staff member is over: sign in once with internet. */
  'lease_expired',
  /** The lease is not one that the server gave to this person and device: sign in again. */
  'lease_invalid',
  /** The token is missing, wrong or over: the device gets a new one by itself. */
  'unauthenticated',
  /** An admin has revoked this device: enroll it again. */
  'device_revoked',
  /** The enrollment code is unknown, used, over or tried too often: ask for a new one. */
  'code_invalid',
  /** This computer is not enrolled yet: enter a code. */
  'not_enrolled',
  /** The device skipped a number; details say which one the server expects. */
  'sequence_gap',
  /** The same mutation id came with another body. */
  'mutation_changed',
  /** The program does not know this command or version: update. */
  'unknown_command',
  /** The data has a newer form than this program reads; with details {part: "server"} the server's is older. Update it. */
  'update_needed',
  /** The child has no place in this session: add as walk-in. */
  'not_booked',
  /** The child has a place in this session already. */
  'already_booked',
  /** The session was cancelled. */
  'session_cancelled',
  /** The roll is closed: a correction needs somebody who may correct attendance. */
  'roll_closed',
  /** Children without a mark are left: mark them; details count them. */
  'roll_incomplete',
  /** The child is not checked in, so cannot be checked out. */
  'not_checked_in',
  /** The cash handed over is less than the amount. */
  'tendered_too_little',
  /** This method wants a reference, such as the slip's number. */
  'reference_missing',
  /** The payment was voided before. */
  'already_voided',
  /** The money is kept as credit, because what it was meant for is paid already or unknown. */
  'left_as_credit',
  /** The receipt number exists already: the device was copied. The payment stands, without this number. */
  'receipt_number_taken',
  /** Somebody settled this item of the inbox before; details say who, when and how. */
  'already_settled',
  /** Money that changed hands and is in no book cannot be accepted away: do it again, or drop it with a reason. */
  'money_unbooked',
  /** Say why. */
  'reason_missing',
  /** A rule of the database was broken; details name it. */
  'constraint',
  /** Text that the server cannot store, such as a NUL. */
  'bad_text',
  /** More than the server takes at once. */
  'too_large',
  /** This place in the log is not to be had any more, or never was: the device asks from where it is now. */
  'position_gone',
  /** Too many requests: the device waits and tries again by itself. */
  'rate_limited',
  /** The server cannot answer now: the device tries again by itself. */
  'unavailable',
  /** The database of this computer cannot be read: the file is damaged, or the key is another one. Call for help. */
  'database_unreadable',
  /** Something that was saved on a computer cannot be read there any more: look what is missing, enter it again. */
  'work_lost',
  /** The disk of this computer is full: make room, nothing that was saved is lost. */
  'disk_full',
  /** The disk of this computer cannot be written: nothing that was saved is lost, call for help. */
  'disk_failing',
  /** The disk failed in the middle of saving: look whether it is there before doing it again. */
  'save_unknown',
  /** A bug. It was written to the log under the id in the details. */
  'unexpected',
] as const

export type ErrorCode = (typeof errorCodes)[number]

export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>

/** An error as it crosses a border (IPC, HTTP, stored outcome). */
export interface ErrorData {
  readonly code: ErrorCode
  readonly message: string
  readonly details: ErrorDetails
}

/** A refusal that the domain foresaw. Anything else that is thrown is a bug. */
export class DomainError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message)
    this.name = 'DomainError'
    this.code = code
    this.details = details
  }
}

/** What a thrown value becomes at a border; anything unforeseen turns into `unexpected` without its inner text. */
export const toErrorData = (error: unknown): ErrorData =>
  error instanceof DomainError
    ? { code: error.code, message: error.message, details: error.details }
    : { code: 'unexpected', message: 'Something unexpected happened. Nothing that was saved is lost.', details: {} }

export type Reply<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: ErrorData }
