import { type Hole, isWorkLost, type Known, replaceHole, replaceLost } from '../desk/lost-work.ts'
import type { Environment } from '../environment.ts'
import { progressIn, type RebaseParts, replay } from './rebase.ts'

/**
 * Says what `desk.db` has lost, in place of it (lost-work.ts), and runs what is left on the replica. Answers with the tables
 * that changed.
 */
export const replaceLostWork = async (
  parts: RebaseParts,
  environment: Pick<Environment, 'clock' | 'bytes'>,
): Promise<readonly string[]> => {
  const { replica, desk, profile } = parts
  if (!isWorkLost(desk, replica.state.read().appliedSeq)) return []
  const known = knownOf(parts)
  if (replaceLost({ desk, deviceId: profile.device_id, environment }, known) === 0) return []
  return runAgain(parts, known)
}

/** The same for a hole that the outbox has found. */
export const replaceLostBetween = async (
  parts: RebaseParts,
  environment: Pick<Environment, 'clock' | 'bytes'>,
  hole: Hole,
): Promise<readonly string[]> => {
  const { desk, profile } = parts
  const known = knownOf(parts)
  if (replaceHole({ desk, deviceId: profile.device_id, environment }, known, hole) === 0) return []
  return runAgain(parts, known)
}

const runAgain = (parts: RebaseParts, { progress }: Known): Promise<readonly string[]> =>
  parts.replica.transact(async (tx) => {
    const undone = parts.replica.live().images.undoAfter(0)
    return [...new Set([...undone, ...(await replay(tx, parts, progress))])]
  })

const knownOf = ({ replica: { db, state }, profile }: RebaseParts): Known => {
  const { appliedSeq, latestHlc } = state.read()
  const lastReceipt = db.prepare('select max(number) from receipts where till_id = ?').pluck().get(profile.till.id)
  return { progress: progressIn(db, profile.device_id), appliedSeq, latestHlc, lastReceipt: Number(lastReceipt ?? 0) }
}
