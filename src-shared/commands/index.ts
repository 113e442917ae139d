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

/** Every command, under the name and version that it has on the wire for ever. */
export const commands = [
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

/** Throws `unknown_command` when this program does not know the name or the version. */
export const findCommand = (name: string, version: number): AnyCommand => {
  const found = commands.find((command) => command.name === name && command.version === version)
  if (!found)
    throw new DomainError('unknown_command', 'This program does not know this command. Update it.', { name, version })
  return found as unknown as AnyCommand
}
