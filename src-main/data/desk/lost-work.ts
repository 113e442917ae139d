import { v7 } from 'uuid'
import { lostWork } from '../../../src-shared/commands/lost-work.ts'
import type { MutationEnvelope } from '../../../src-shared/contract/http.ts'
import { formatHlc, parseHlc, tickHlc } from '../../../src-shared/hlc.ts'
import { toMutationId } from '../../../src-shared/ids.ts'
import { instantToText } from '../../../src-shared/time.ts'
import type { Environment } from '../environment.ts'
import type { Desk } from './desk.ts'

export interface LossParts {
  readonly desk: Desk
  readonly deviceId: string
  readonly environment: Pick<Environment, 'clock' | 'bytes'>
}

/** What the replica knows of this device. */
export interface Known {
  /** Up to which own mutation the log has brought the server's decision. */
  readonly progress: number
  /** The last own mutation whose effects it has had. */
  readonly appliedSeq: number
  readonly latestHlc: string | undefined
  /** The last number of this till's receipts that it shows. */
  readonly lastReceipt: number
}

/** Numbers of mutations, both included. */
export interface Hole {
  readonly from: number
  readonly to: number
}

const rescued = 'rescued'
const nobody = '00000000-0000-4000-8000-000000000000'

/** After a rescue, or when the replica has seen more than `desk.db` has (its log was lost). */
export const isWorkLost = (desk: Desk, appliedSeq: number): boolean =>
  desk.setting(rescued) === 'yes' || appliedSeq > desk.lastSeq()

/**
 * Where work is lost: puts a mutation that says so in the place of each one that is gone and that the server has not
 * decided. It is refused here and there, so a person sees it, with the time of the last thing that is known to be saved,
 * until it is settled; and what came later goes up in order. Answers how many there were.
 */
export const replaceLost = (parts: LossParts, known: Known): number => {
  const { desk } = parts
  const last = Math.max(desk.lastSeq(), known.appliedSeq)
  const kept = desk.mutationsAfter(known.progress, Number.MAX_SAFE_INTEGER)
  const keptNumbers = new Set(kept.map(({ seq }) => seq))
  const receipt = Math.max(desk.peek('receipt'), known.lastReceipt + 1)
  let count = 0
  for (let seq = known.progress + 1; seq <= last; seq += 1) {
    if (keptNumbers.has(seq)) continue
    desk.commitMutation(placeholder(parts, known, seq), undefined)
    count += 1
  }
  desk.skipTo({ mutation: last + 1, receipt })
  if (desk.setting(rescued) === 'yes') desk.saveSetting(rescued, 'told')
  return count
}

/**
 * The same for a hole among what is kept, also where the server had decided it: a server that was set back asks for it once
 * more. Numbers that were skipped were never here. Answers how many there were.
 */
export const replaceHole = (parts: LossParts, known: Known, { from, to }: Hole): number => {
  const { desk } = parts
  if ((desk.mutationsAfter(from - 1, 1)[0]?.seq ?? 0) <= to) return 0
  let count = 0
  for (let seq = from; seq <= to; seq += 1) {
    if (desk.hasSkipped(seq, seq)) continue
    desk.commitMutation(placeholder(parts, known, seq), undefined)
    count += 1
  }
  return count
}

const placeholder = (
  { desk, deviceId, environment }: LossParts,
  { latestHlc }: Known,
  seq: number,
): MutationEnvelope => {
  const nowMs = environment.clock.now()
  const before = desk.mutationsUpTo(seq).at(-1)
  const neighbor = before ?? desk.mutationsAfter(seq, 1)[0]
  const hlc = latestHlc === undefined ? { ms: 0, counter: 0 } : parseHlc(latestHlc)
  return {
    id: toMutationId(v7({ msecs: nowMs, random: environment.bytes(16) })),
    seq,
    command: lostWork.name,
    version: lostWork.version,
    args: { last_saved_at: before?.at ?? null },
    // Who it was is lost too; whoever worked here then is the nearest that is known.
    staff_id: neighbor?.staff_id ?? nobody,
    lease_id: neighbor?.lease_id ?? nobody,
    at: instantToText(nowMs),
    hlc: formatHlc(tickHlc(hlc, nowMs), deviceId),
    series_number: null,
  }
}
