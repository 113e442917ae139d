import type { Logger } from 'pino'
import type { MutationOutcome, MutationsResponse } from '../../src-shared/contract/http.ts'
import { DomainError } from '../../src-shared/errors.ts'
import { receiptLabel } from '../../src-shared/rules/receipt.ts'
import type { Device } from '../auth/devices.ts'
import { inRole } from '../db/postgres.ts'
import type { Tx } from '../db/tx.ts'
import { askForGrant, carryOut, type Grants, noGrants, salvage } from './carry-out.ts'
import { claim, refused, SequenceGap, settle, type Verdict } from './ledger.ts'
import type { Received } from './received.ts'
import { toRefusal } from './refusal.ts'
import { decideTogether, type Decided, groupSizes, scopeOf, type TogetherContext } from './together.ts'
import { NotAdmitted } from './turn.ts'

export interface ExecutorContext extends TogetherContext {
  /** Told every new outcome. */
  readonly onDecided: (outcome: MutationOutcome) => void
  /** The number that the batch follows, where its device says that it has skipped some. */
  readonly follows?: number | undefined
}

/**
 * Decides a batch in order. What was decided stays decided, whatever happens to the rest. Throws `sequence_gap` when the
 * device left a number out, what stands against the device itself, and `unavailable` when the database cannot go on.
 */
export const executeBatch = async (
  context: ExecutorContext,
  batch: readonly Received[],
): Promise<MutationsResponse> => {
  const grants = noGrants()
  const all: Decided[] = []
  for (const group of groupsOf(batch, groupSizes.large)) {
    const decided = await decideGroup(context, group, grants)
    for (const { outcome, isNew } of decided) if (isNew) context.onDecided(outcome)
    all.push(...decided)
  }
  return { outcomes: all.map(({ outcome }) => outcome), last_seq: all.at(-1)?.lastSeq ?? 0 }
}

const groupsOf = (batch: readonly Received[], size: number): readonly (readonly Received[])[] =>
  Array.from({ length: Math.ceil(batch.length / size) }, (_, index) => batch.slice(index * size, (index + 1) * size))

/** Together if nothing is wrong with any of them, else in smaller groups, else one by one. */
const decideGroup = async (
  context: ExecutorContext,
  group: readonly Received[],
  grants: Grants,
): Promise<readonly Decided[]> => {
  const together = await decideTogether(context, group, grants)
  if (together) return together
  if (group.length <= groupSizes.small) return decideEach(context, group, grants)
  const decided: Decided[] = []
  for (const part of groupsOf(group, groupSizes.small)) decided.push(...(await decideGroup(context, part, grants)))
  return decided
}

const decideEach = async (
  context: ExecutorContext,
  group: readonly Received[],
  grants: Grants,
): Promise<readonly Decided[]> => {
  const decided: Decided[] = []
  for (const received of group) decided.push(await decide(context, received, grants))
  return decided
}

/**
 * One mutation in a transaction of its own. The command runs in the same transaction that claims the mutation. If it
 * fails, that transaction is undone, and another one claims the mutation again and keeps what must be kept, or only the
 * refusal. So a deferred constraint, which speaks up at the commit, is a refusal like any other.
 */
const decide = async (context: ExecutorContext, received: Received, grants: Grants): Promise<Decided> => {
  let reason: DomainError
  try {
    return await judge(
      context,
      received,
      (tx) => carryOut(tx, received, context, grants),
      async (tx) => askForGrant(tx, received, context, grants),
    )
  } catch (error) {
    reason = refusalOf(error, context.log)
  }
  try {
    return await judge(context, received, (tx) => salvage(tx, received, context, reason))
  } catch (error) {
    refusalOf(error, context.log)
  }
  return judge(context, received, async () => refused(reason))
}

/** What stands against a mutation; throws what stands against going on at all. */
const refusalOf = (error: unknown, log: Logger): DomainError => {
  if (error instanceof SequenceGap) throw error.toDomainError()
  if (error instanceof NotAdmitted) throw error.reason
  const reason = toRefusal(error, log)
  if (!reason) throw unavailable(error, log)
  return reason
}

type Judge = (tx: Tx) => Promise<Verdict>

const judge = async (
  context: ExecutorContext,
  received: Received,
  judgeOf: Judge,
  ask?: (tx: Tx) => Promise<void>,
): Promise<Decided> => {
  const { db, device, now, follows } = context
  return inRole(db, scopeOf(device), async (tx) => {
    const nowMs = now()
    await ask?.(tx)
    const claimed = await claim(tx, { received, device, nowMs, follows })
    if (claimed.kind === 'decided') return { ...claimed, isNew: false }
    const verdict = withReceipt(claimed.refusal ?? (await judgeOf(tx)), received, device)
    return { ...(await settle(tx, { claimed, verdict, device, nowMs })), isNew: true }
  })
}

/** A refusal says which number its device drew: the paper may be in somebody's hand, and no receipt in the books has it. */
const withReceipt = (verdict: Verdict, { content }: Received, { till }: Device): Verdict => {
  if (verdict.outcome !== 'refused' || content.kind === 'unusable') return verdict
  const { series_number } = content.envelope
  if (series_number === null) return verdict
  const details = { ...verdict.error.details, receipt: receiptLabel(till.code, series_number) }
  return { ...verdict, error: { ...verdict.error, details } }
}

/** The mutation has nothing to do with it: the device tries again later. */
const unavailable = (error: unknown, log: Logger): DomainError => {
  log.error({ name: error instanceof Error ? error.name : typeof error, code: codeOf(error) }, 'a batch was cut short')
  return new DomainError('unavailable', 'The server cannot answer now. Try again soon.')
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined)
