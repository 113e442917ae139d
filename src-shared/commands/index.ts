import { acceptItem } from './inbox/accept.ts'
import { dropItem } from './inbox/drop.ts'
import { redoItem, redoItemAsOfNow } from './inbox/redo.ts'
import { lostWork } from './lost-work.ts'
import { type AnyCommand, unknownCommand, work } from './work.ts'

export type { AnyCommand } from './work.ts'

/** Every command, under the name and version that it has on the wire for ever. */
export const commands = [...work, acceptItem, dropItem, redoItem, redoItemAsOfNow, lostWork] as const

/** Throws `unknown_command` when this program does not know the name or the version. */
export const findCommand = (name: string, version: number): AnyCommand => {
  const found = commands.find((command) => command.name === name && command.version === version)
  if (!found) throw unknownCommand(name, version)
  return found as unknown as AnyCommand
}
