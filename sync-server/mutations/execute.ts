import type { Logger } from 'pino'
import type { MutationOutcome, MutationsResponse } from '../../src-shared/contract/http.ts'
import { DomainError } from '../../src-shared/errors.ts'
import { inRole } from '../db/postgres.ts'
import type { Db, Tx } from '../db/tx.ts'
import { type CarryOutContext, carryOut, type Grants, salvage } from './carry-out.ts'
import { claim, SequenceGap, settle, type Verdict } from './ledger.ts'
import type { Received } from './received.ts'
import { toRefusal } from './refusal.ts'

export interface ExecutorContext extends CarryOutContext {
  readonly db: Db
  /** Told every new outcome. */
  readonly onDecided: (outcome: MutationOutcome['outcome']) => void
}

/**
 * Decides a batch in order, each mutation in a transaction of its own: what was decided stays decided, whatever happens
 * to the rest. Throws `sequence_gap` when the device left a number out.
 */
export const executeBatch = async (
  context: ExecutorContext,
  batch: readonly Received[],
): Promise<MutationsResponse> => {
  const grants: Grants = new Map()
  const outcomes: MutationOutcome[] = []
  let lastSeq = 0
  for (const received of batch) {
    const decided = await decide(context, received, grants)
    outcomes.push(decided.outcome)
    lastSeq = decided.lastSeq
  }
  return { outcomes, last_seq: lastSeq }
}

interface Decided {
  readonly outcome: MutationOutcome
  /** The device's progress now. */
  readonly lastSeq: number
}

type Judge = (tx: Tx) => Promise<Verdict>

/**
 * The command runs in the same transaction that claims the mutation. If it fails, that transaction is undone, and a
 * second one claims the mutation again and keeps the refusal. So a deferred constraint, which speaks up at the commit,
 * is a refusal like any other.
 */
const decide = async (context: ExecutorContext, received: Received, grants: Grants): Promise<Decided> => {
  try {
    return await judge(context, received, (tx) => carryOut(tx, received, context, grants))
  } catch (error) {
    if (error instanceof SequenceGap) throw error.toDomainError()
    const reason = toRefusal(error, context.log)
    if (!reason) throw unavailable(error, context.log)
    return judge(context, received, (tx) => salvage(tx, received, context, reason))
  }
}

const judge = async (context: ExecutorContext, received: Received, judgeOf: Judge): Promise<Decided> => {
  const { db, device, now, onDecided } = context
  const scope = { role: 'foyer_app', facilityId: device.facilityId, organizationId: device.organizationId } as const
  const decided = await inRole(db, scope, async (tx) => {
    const claimed = await claim(tx, { received, device, nowMs: now() })
    if (claimed.kind === 'decided') return { ...claimed, isNew: false }
    const verdict = claimed.refusal ?? (await judgeOf(tx))
    return { ...(await settle(tx, { claimed, verdict, device, nowMs: now() })), isNew: true }
  })
  if (decided.isNew) onDecided(decided.outcome.outcome)
  return decided
}

/** The mutation has nothing to do with it: the device tries again later. */
const unavailable = (error: unknown, log: Logger): DomainError => {
  log.error({ name: error instanceof Error ? error.name : typeof error, code: codeOf(error) }, 'a batch was cut short')
  return new DomainError('unavailable', 'The server cannot answer now. Try again soon.')
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)
