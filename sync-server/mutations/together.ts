import { sql } from 'kysely'
import type { MutationOutcome } from '../../src-shared/contract/http.ts'
import type { Device } from '../auth/devices.ts'
import { inRole, lockTimeout, type Session } from '../db/postgres.ts'
import { withNext } from '../db/pipelined-pool.ts'
import type { Db, Tx } from '../db/tx.ts'
import { type CarryOutContext, carryOut, type Grants } from './carry-out.ts'
import { advance, type Claimed, findKept, insertAll, keepVerdict, outcomeOf, rowOf } from './ledger.ts'
import type { Received } from './received.ts'
import { takeTurn } from './turn.ts'

export interface TogetherContext extends CarryOutContext {
  readonly db: Db
}

export interface Decided {
  readonly outcome: MutationOutcome
  /** The device's progress now. */
  readonly lastSeq: number
  /** Not decided by an earlier delivery. */
  readonly isNew: boolean
}

/** How many mutations share a transaction at most, and how many once something of such a group was not plain. */
export const groupSizes = { large: 100, small: 25 } as const

/** A group waits no longer for a row: long before PostgreSQL looks for a deadlock, which two groups make easily. */
const rowTimeout = '200ms'

/** Something in the group is not plain, so each of its mutations gets a transaction of its own. */
class NotPlain extends Error {}

/**
 * Decides a group in one transaction, in the hope that nothing is wrong with any of it: a queue that was filled offline
 * drains several times as fast. If anything at all is (a refusal, a mutation that is known already, a row that somebody
 * else holds), nothing of it is kept, and undefined says that they must be decided one by one. That is the way that
 * counts; this is a short cut with the same results.
 */
export const decideTogether = async (
  context: TogetherContext,
  group: readonly Received[],
  grants: Grants,
): Promise<readonly Decided[] | undefined> => {
  if (group.length === 1 || group.some(({ content }) => content.kind === 'unusable')) return undefined
  try {
    return await inRole(context.db, scopeOf(context.device), (tx) => decideAll(tx, context, group, grants))
  } catch {
    // Whatever it was, it happens again to the one mutation that it comes from, and is dealt with there.
    return undefined
  }
}

export const scopeOf = ({ facilityId, organizationId }: Device): Session => ({
  role: 'foyer_app',
  facilityId,
  organizationId,
})

const decideAll = async (
  tx: Tx,
  context: TogetherContext,
  group: readonly Received[],
  grants: Grants,
): Promise<readonly Decided[]> => {
  const { device, now } = context
  const { lastSeq, isRevoked } = await takeTurn(tx, device)
  if (group.every(({ seq }) => seq <= lastSeq)) return knownOf(tx, context, group, lastSeq)
  if (isRevoked) throw new NotPlain()
  await waitFor(tx, rowTimeout)
  if (group.some(({ seq }, index) => seq !== lastSeq + 1 + index)) throw new NotPlain()
  const nowMs = now()
  const rows = group.map((received) => rowOf({ received, device, nowMs }))
  if ((await insertAll(tx, rows)) !== group.length) throw new NotPlain()
  const decided: Decided[] = []
  for (const received of group) {
    const verdict = await carryOut(tx, received, context, grants)
    const claimed: Claimed = { kind: 'claimed', received, keptAs: received.id, lastSeq, refusal: undefined }
    await keepVerdict(tx, { claimed, verdict, device, nowMs })
    decided.push({ outcome: outcomeOf({ claimed, verdict, device, nowMs }), lastSeq: received.seq, isNew: true })
  }
  // What is left to wait for is the head of the log, which everybody takes after all rows: giving up would only lose the work.
  await waitFor(tx, `${lockTimeout}ms`)
  await advance(tx, device, lastSeq + group.length)
  return decided
}

const waitFor = (tx: Tx, timeout: string): Promise<unknown> =>
  sql`select set_config('lock_timeout', ${timeout}, true)${sql.raw(withNext)}`.execute(tx)

/** Of a second delivery, also of a device that looks what a server that was set back still has: nothing is new. */
const knownOf = async (
  tx: Tx,
  { device }: TogetherContext,
  group: readonly Received[],
  lastSeq: number,
): Promise<readonly Decided[]> => {
  const kept = await findKept(
    tx,
    device,
    group.map((received) => ({ received, keptAs: received.id })),
  )
  return kept.map((outcome) => {
    if (!outcome) throw new NotPlain()
    return { outcome, lastSeq, isNew: false }
  })
}
