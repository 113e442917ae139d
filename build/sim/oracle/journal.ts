import type { MutationEnvelope } from '../../../src-shared/contract/http.ts'
import type { SimDevice } from '../device.ts'

/** A row that a saved mutation made or changed, as it was seen right after. */
interface Effect {
  readonly table: string
  readonly rowId: string
}

/** A mutation that a person was told is saved. */
export interface Acknowledged {
  readonly envelope: MutationEnvelope
  /** As it was saved, byte by byte. */
  readonly text: string
  readonly effects: readonly Effect[]
}

/** Which rows a command makes, under ids that begin like its own. */
const tablesOf: Readonly<Record<string, readonly string[]>> = {
  'check_in.record': ['check_ins'],
  'check_in.undo': ['check_ins'],
  'check_out.record': ['check_ins'],
  'attendance.mark': ['attendance_marks'],
  'attendance.walk_in': ['attendance_marks'],
  'payment.take': ['payments', 'receipts'],
  'payment.void': ['payment_voids'],
}

/** The first and the last row id that a mutation can make. */
export const rowIdsOf = (mutationId: string): readonly [string, string] => {
  const stem = mutationId.slice(0, -3)
  return [`${stem}001`, `${stem}fff`]
}

/** What was acknowledged on each device, kept outside of everything that a fault can reach (FAULTS I1). */
export interface Journal {
  readonly add: (device: SimDevice, envelope: MutationEnvelope) => void
  readonly of: (device: SimDevice) => readonly Acknowledged[]
  /** The disk of this device was set back by a person: what was saved since is gone with it, unless the server has it. */
  readonly forgetAfter: (device: SimDevice, seq: number) => void
  /** There are two of this device: each may use a number that the other one uses too. */
  readonly copied: (device: SimDevice) => void
  /** Whether somebody else may have used its numbers: its copy, or itself before it was set back. */
  readonly sharesNumbers: (device: SimDevice) => boolean
}

export const createJournal = (): Journal => {
  const byDevice = new Map<SimDevice, Acknowledged[]>()
  const sharing = new Set<SimDevice>()
  const of = (device: SimDevice): Acknowledged[] => {
    const known = byDevice.get(device) ?? []
    byDevice.set(device, known)
    return known
  }
  return {
    add(device, envelope) {
      const reader = device.reader()
      const ids = rowIdsOf(envelope.id)
      const effects = (tablesOf[envelope.command] ?? []).flatMap(
        (table) =>
          reader
            ?.all(`select id from ${table} where id between ? and ?`, ...ids)
            .map(({ id }) => ({ table, rowId: String(id) })) ?? [],
      )
      of(device).push({ envelope, text: JSON.stringify(envelope), effects })
    },
    of,
    forgetAfter(device, seq) {
      sharing.add(device)
      const kept = of(device).filter(({ envelope }) => envelope.seq <= seq)
      byDevice.set(device, kept)
    },
    copied: (device) => void sharing.add(device),
    sharesNumbers: (device) => sharing.has(device),
  }
}
