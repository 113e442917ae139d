import { DomainError } from '../errors.ts'
import { addWalkIn } from './add-walk-in.ts'
import { closeRoll } from './close-roll.ts'
import type { Command } from './command.ts'
import { markAttendance } from './mark-attendance.ts'
import { recordCheckIn } from './record-check-in.ts'
import { recordCheckOut } from './record-check-out.ts'
import { takePayment } from './take-payment.ts'
import { undoCheckIn } from './undo-check-in.ts'
import { voidPayment } from './void-payment.ts'

/** Every command but those of the inbox, which do these again. */
export const work = [
  recordCheckIn,
  undoCheckIn,
  recordCheckOut,
  markAttendance,
  addWalkIn,
  closeRoll,
  takePayment,
  voidPayment,
] as const

/** A command whose arguments are checked by itself before it runs. */
export type AnyCommand = Command<never>

const find = (name: string, version: number): AnyCommand | undefined =>
  work.find((command) => command.name === name && command.version === version) as unknown as AnyCommand | undefined

/** Throws `unknown_command`. */
export const findWork = (name: string, version: number): AnyCommand => {
  const found = find(name, version)
  if (!found) throw unknownCommand(name, version)
  return found
}

export const unknownCommand = (name: string, version: number): DomainError =>
  new DomainError('unknown_command', 'This program does not know this command. Update it.', { name, version })

/** Whether a command draws a receipt number, whatever its arguments. */
export const drawsNumber = (name: string, version: number): boolean => find(name, version)?.drawsReceiptNumber === true
