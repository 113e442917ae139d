import { idsIn, mutationOfRow } from '../../src-shared/ids.ts'
import { argsToTell } from '../../src-shared/rules/inbox-args.ts'
import { askedOf, isNotice, redoneItemOf } from '../../src-shared/rules/inbox.ts'
import { suggestionFor } from '../../src-shared/rules/inbox-suggestions.ts'
import { instantSchema } from '../../src-shared/schema/columns.ts'
import type { Database } from '../../src-shared/schema/tables.ts'
import type { Tx } from '../db/tx.ts'
import { type Decision, factsAbout } from './inbox-facts.ts'

type InboxColumns = Pick<
  Database['mutation_outcomes'],
  'version' | 'args' | 'at' | 'instead' | 'suggestion' | 'caused_by'
>

/** As much as `instead` holds. */
const maxInstead = 100_000

/**
 * What a person needs to settle a mutation that did not go through as sent: what was asked; what there is instead; why;
 * what to do (reference/MERGE.md). Reads only, and nothing that the mutation says can make it fail.
 */
export const inboxColumns = async (tx: Tx, decision: Decision): Promise<InboxColumns> => {
  const { received, verdict } = decision
  const sent: unknown = JSON.parse(received.body)
  const sentArgs = memberOf(sent, 'args')
  const args = JSON.stringify(sentArgs) ?? 'null'
  const asked = { command: received.command, version: received.version, args }
  const caused_by = await causeOf(tx, decision, asked)
  const { command } = askedOf(asked)
  const instead = JSON.stringify(await factsAbout(tx, { ...decision, asked: askedOf(asked), item: itemOf(asked) }))
  return {
    version: received.version,
    args: argsToTell(sentArgs),
    at: instantSchema.safeParse(memberOf(sent, 'at')).data ?? null,
    instead: instead.length <= maxInstead ? instead : '[]',
    suggestion: suggestionFor({ command, outcome: verdict.outcome, code: verdict.error.code, caused_by }),
    caused_by,
  }
}

const memberOf = (sent: unknown, key: string): unknown =>
  typeof sent === 'object' && sent !== null && Object.hasOwn(sent, key) ? Reflect.get(sent, key) : undefined

interface Sent {
  readonly command: string
  readonly version: number
  readonly args: string
}

/** The item of the inbox that a mutation is about. */
const itemOf = (asked: Sent): string | undefined => {
  if (!isNotice(asked)) return redoneItemOf(asked)
  const id = memberOf(JSON.parse(asked.args), 'outcome_id')
  return idsIn(id)[0]?.toLowerCase()
}

/**
 * The refused mutation without which this one would not have failed (FAULTS S7): the one that it is about; the one whose
 * rows it names, as ids of rows say which mutation makes them; or the one that should have made what it asks for. Always
 * the first of a chain, so that the whole of it is one thing.
 */
const causeOf = async (tx: Tx, decision: Decision, asked: Sent): Promise<string | null> => {
  const about = itemOf(asked)
  if (about !== undefined) return (await firstRefused(tx, [about])) ?? null
  if (decision.verdict.outcome !== 'refused') return null
  const ids = idsIn(JSON.parse(asked.args)).map((id) => id.toLowerCase())
  const makers = new Set(ids.map((id) => mutationOfRow(id)).filter((id) => id !== undefined))
  makers.delete(decision.keptAs)
  return (await firstRefused(tx, [...makers])) ?? (await missingMaker(tx, decision, ids)) ?? null
}

const maxMakers = 500

const firstRefused = async (tx: Tx, ids: readonly string[]): Promise<string | undefined> => {
  if (ids.length === 0) return undefined
  const found = await tx
    .selectFrom('mutation_outcomes')
    .select(['id', 'caused_by'])
    .where('id', 'in', ids.slice(0, maxMakers))
    .orderBy('decided_at')
    .executeTakeFirst()
  return found && (found.caused_by ?? found.id)
}

/** Which commands make what these refusals miss. */
const makersOf: Readonly<Record<string, readonly string[]>> = {
  not_booked: ['attendance.walk_in'],
  not_checked_in: ['check_in.record'],
  roll_incomplete: ['attendance.mark', 'attendance.walk_in'],
}

/** How far back is looked. */
const maxEarlier = 50

/** The last open refusal of this device that was about the same child, or the same session, and would have helped. */
const missingMaker = async (
  tx: Tx,
  { received, verdict, device }: Decision,
  ids: readonly string[],
): Promise<string | undefined> => {
  const makers = makersOf[verdict.error.code]
  if (!makers) return undefined
  const earlier = await tx
    .selectFrom('mutation_outcomes as earlier')
    .leftJoin('inbox_settlements as settled', 'settled.id', 'earlier.id')
    .select(['earlier.id', 'earlier.args', 'earlier.caused_by'])
    .where('earlier.device_id', '=', device.id)
    .where('earlier.device_seq', '<', received.seq)
    .where('earlier.outcome', '=', 'refused')
    .where('earlier.command', 'in', makers)
    .where('settled.id', 'is', null)
    .orderBy('earlier.device_seq', 'desc')
    .limit(maxEarlier)
    .execute()
  const student = verdict.error.details['student_id']
  const isSame = (args: string): boolean => {
    const theirs = new Set(idsIn(JSON.parse(args)))
    const shared = ids.filter((id) => theirs.has(id))
    // A child and its session, or the session alone.
    return typeof student === 'string' ? theirs.has(student) && shared.length > 1 : shared.length > 0
  }
  const found = earlier.find(({ args }) => isSame(args))
  return found && (found.caused_by ?? found.id)
}
