import type { MutationEnvelope } from '../../../src-shared/contract/http.ts'
import type { SimDevice } from '../device.ts'

/** A mutation that a person was told is saved. */
export interface Acknowledged {
  readonly envelope: MutationEnvelope
  /** As it was saved, byte by byte. */
  readonly text: string
}

/** What was acknowledged on each device, kept outside of everything that a fault can reach (FAULTS I1). */
export interface Journal {
  readonly add: (device: SimDevice, envelope: MutationEnvelope) => void
  readonly of: (device: SimDevice) => readonly Acknowledged[]
  /** The disk of this device was set back by a person: what was saved since is gone with it, unless the server has it. */
  readonly forgetAfter: (device: SimDevice, seq: number) => void
  /** What only the server may have. */
  readonly forgotten: (device: SimDevice) => readonly Acknowledged[]
  /** There are two of this device: each may use a number that the other one uses too. */
  readonly copied: (device: SimDevice) => void
  /** Whether somebody else may have used its numbers: its copy, or itself before it was set back. */
  readonly sharesNumbers: (device: SimDevice) => boolean
}

export const createJournal = (): Journal => {
  const kept = new Map<SimDevice, Acknowledged[]>()
  const forgotten = new Map<SimDevice, readonly Acknowledged[]>()
  const sharing = new Set<SimDevice>()
  const of = (device: SimDevice): Acknowledged[] => {
    const known = kept.get(device) ?? []
    kept.set(device, known)
    return known
  }
  return {
    add: (device, envelope) => void of(device).push({ envelope, text: JSON.stringify(envelope) }),
    of,
    forgetAfter(device, seq) {
      sharing.add(device)
      const all = of(device)
      kept.set(
        device,
        all.filter(({ envelope }) => envelope.seq <= seq),
      )
      forgotten.set(device, [...(forgotten.get(device) ?? []), ...all.filter(({ envelope }) => envelope.seq > seq)])
    },
    forgotten: (device) => forgotten.get(device) ?? [],
    copied: (device) => void sharing.add(device),
    sharesNumbers: (device) => sharing.has(device),
  }
}
