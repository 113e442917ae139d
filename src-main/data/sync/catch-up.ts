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
  const from = Math.max(appliedSeq, usedUpTo(progressIn(replica.db, profile.device_id)))
  return replica.transact((tx) => replay(tx, parts, from))
}

/** No desk has so many: a replica that says so is damaged, and the next comparison puts it right (SPEC H1). */
const mostNumbers = 1_000_000_000

const usedUpTo = (number: number): number => (number > mostNumbers ? 0 : number)

/**
 * The log knows more of this device than `desk.db`: the computer was set back to an older state. Numbers that it drew
 * before would never be sent, because they count as decided (SPEC U6).
 */
const skipUsedNumbers = ({ replica, desk, profile }: RebaseParts): void => {
  const mutation = usedUpTo(progressIn(replica.db, profile.device_id)) + 1
  // On their own: a computer that did as much since as it has forgotten knows all mutations by number, and no receipt.
  const last = replica.db.prepare('select max(number) from receipts where till_id = ?').pluck().get(profile.till.id)
  const receipt = usedUpTo(Number(last ?? 0)) + 1
  if (mutation > desk.peek('mutation') || receipt > desk.peek('receipt')) desk.skipTo({ mutation, receipt })
}
