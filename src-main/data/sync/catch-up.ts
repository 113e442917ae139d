import { progressIn, type RebaseParts, replay } from './rebase.ts'

/**
 * Runs what `desk.db` has and the replica has not: after a crash, or a commit of the replica that failed (SPEC R7). Answers
 * with the tables that changed.
 */
export const catchUp = async (parts: RebaseParts): Promise<readonly string[]> => {
  const { replica, desk, profile } = parts
  skipUsedNumbers(parts)
  const { appliedSeq } = replica.state.read()
  if (appliedSeq === desk.lastSeq()) return []
  const from = Math.max(appliedSeq, progressIn(replica.db, profile.device_id))
  return replica.transact((tx) => replay(tx, parts, from))
}

/** No desk has so many: a replica that says so is damaged, and the next comparison puts it right (SPEC H1). */
const mostMutations = 1_000_000_000

/**
 * The log knows more of this device than `desk.db`: the computer was set back to an older state. Numbers that it drew
 * before would never be sent, because they count as decided (SPEC U6).
 */
const skipUsedNumbers = ({ replica, desk, profile }: RebaseParts): void => {
  const progress = progressIn(replica.db, profile.device_id)
  if (progress <= desk.lastSeq() || progress > mostMutations) return
  const receipt = replica.db.prepare('select max(number) from receipts where till_id = ?').pluck().get(profile.till.id)
  desk.skipTo({ mutation: progress + 1, receipt: Number(receipt ?? 0) + 1 })
}
