import type { Frailty } from './device-parts.ts'
import type { History } from './history.ts'
import type { Chance } from './random.ts'
import type { DiskCall, DiskFault } from './sim-disk.ts'

interface DiskFaultParts {
  readonly name: string
  readonly frailty: Frailty
  readonly chance: Chance
  readonly history: History
}

const ofCommits = { full: 2, broken: 1, unsure: 2 } as const
const ofWrites = { full: 2, broken: 1 } as const
/** A part of a snapshot is one call, of as many writes. */
const writesOfPart = 50

/** What goes wrong at a call of SQLite, as frail as the computer is. */
export const drawDiskFault = (
  { name, frailty, chance, history }: DiskFaultParts,
  { file, kind }: DiskCall,
): DiskFault => {
  const drawn = (chance.float() * 100_000) / (kind === 'part' ? writesOfPart : 1)
  if (drawn < frailty.kills) {
    history.note(name, `killed at a ${kind} of ${file}`)
    return chance.happens(50) ? 'kill_before' : 'kill_after'
  }
  if (kind === 'read' || drawn >= frailty.kills + frailty.diskFaults) return 'none'
  const fault = chance.weighted(kind === 'write' ? ofWrites : ofCommits)
  history.note(name, `disk: ${fault} at a ${kind} of ${file}`)
  history.count(`fault disk ${fault}`)
  return fault
}
