import type { Replica } from '../replica/replica.ts'

/**
 * Takes what is unsent off a replica again, in the caller's transaction. One that was whole and could not be shown, because
 * the disk failed or the program was killed just then, has it already; rows of the log come below it (SPEC R1, F1).
 */
export const takeOffUnsent = (replica: Replica): void => {
  if (replica.state.read().appliedSeq === 0) return
  const { images, reads } = replica.live()
  images.undoAfter(0)
  reads.forgetAfter(0)
  replica.state.update({ appliedSeq: 0 })
}
