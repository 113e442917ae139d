import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { MutationOutcome } from '../../src-shared/contract/http.ts'
import { errorBody } from '../../src-shared/contract/http.ts'
import { DomainError, type ErrorData } from '../../src-shared/errors.ts'
import { type Device, revokedDevice } from '../auth/devices.ts'
import { withNext } from '../db/pipelined-pool.ts'
import type { Tx } from '../db/tx.ts'
import { inboxColumns } from './inbox.ts'
import type { Received } from './received.ts'
import { storable } from './storable.ts'
import { takeTurnWith, type Turn } from './turn.ts'

/** What became of a mutation. */
export type Verdict =
  | { readonly outcome: 'applied' }
  | { readonly outcome: 'merged' | 'refused'; readonly error: ErrorData }

/** The device left a number out: nothing may be kept of what comes after the gap. */
export class SequenceGap extends Error {
  readonly expected: number

  constructor(expected: number) {
    super(`expected ${expected}`)
    this.name = 'SequenceGap'
    this.expected = expected
  }

  toDomainError(): DomainError {
    return new DomainError('sequence_gap', `The next mutation must have the number ${this.expected}.`, {
      expected: this.expected,
    })
  }
}

/** A mutation that this transaction must decide. */
export interface Claimed {
  readonly kind: 'claimed'
  readonly received: Received
  /** Under which id it is kept: its own, unless that is taken by another body. */
  readonly keptAs: string
  readonly lastSeq: number
  /** Decided already, by what it is rather than by what it does. */
  readonly refusal: Verdict | undefined
}

interface Decided {
  readonly kind: 'decided'
  readonly outcome: MutationOutcome
  readonly lastSeq: number
}

interface Arrived {
  readonly received: Received
  readonly device: Device
  readonly nowMs: number
  /** The number that the batch follows, where its device says that it has skipped some. */
  readonly follows?: number | undefined
}
type Arrival = Arrived & Turn

/**
 * Takes the device's turn and writes the mutation down first, so that a second delivery, also at the same moment, finds it
 * and gets the outcome that was kept (promise 3). Throws SequenceGap and NotAdmitted.
 */
export const claim = async (tx: Tx, arrived: Arrived): Promise<Claimed | Decided> => {
  const { received, device } = arrived
  const { isNew, ...turn } = await takeTurnWith(tx, device, rowOf(arrived))
  const arrival = { ...arrived, ...turn }
  if (isNew) return judgeNumber(tx, { ...arrival, keptAs: received.id })
  const [kept] = await findKept(tx, device, [{ received, keptAs: received.id }])
  return kept ? { kind: 'decided', outcome: kept, lastSeq: turn.lastSeq } : claimChanged(tx, arrival)
}

/** Known under this id is another body, or somebody else's (FAULTS N3): it is kept under an id made of its body. */
const claimChanged = async (tx: Tx, arrival: Arrival): Promise<Claimed | Decided> => {
  const { received, device } = arrival
  const keptAs = idOfBody(device.id, received.bodyHash)
  const [kept] = (await insert(tx, arrival, keptAs)) ? [] : await findKept(tx, device, [{ received, keptAs }])
  if (kept) return { kind: 'decided', outcome: kept, lastSeq: arrival.lastSeq }
  const changed = new DomainError('mutation_changed', 'This was sent before with other content.', { id: received.id })
  return judgeNumber(tx, { ...arrival, keptAs, reason: changed })
}

type Numbered = Arrival & {
  readonly keptAs: string
  readonly reason?: DomainError
}

const judgeNumber = async (tx: Tx, numbered: Numbered): Promise<Claimed> => {
  const { received, keptAs, lastSeq, isRevoked, follows, reason } = numbered
  const expected = lastSeq + 1
  if (received.seq > expected && follows !== lastSeq) throw new SequenceGap(expected)
  const used =
    received.seq < expected && (await isUsed(tx, numbered))
      ? new DomainError('sequence_gap', 'This number was used already: the device was copied or set back.', {
          expected,
        })
      : undefined
  const why = reason ?? (received.content.kind === 'unusable' ? received.content.reason : used)
  const refusal = why ?? (isRevoked ? revokedDevice() : undefined)
  return { kind: 'claimed', received, keptAs, lastSeq, refusal: refusal && refused(refusal) }
}

/** A computer that was copied may skip numbers of the other one, which comes with them later to a server that was set back. */
const isUsed = async (tx: Tx, { received, device, keptAs }: Numbered): Promise<boolean> => {
  const used = await tx
    .selectFrom('mutations')
    .select('id')
    .where('device_id', '=', device.id)
    .where('device_seq', '=', received.seq)
    .where('id', '!=', keptAs)
    .where((where) => where.or([where('code', 'is', null), where('code', 'not in', notUsing)]))
    .executeTakeFirst()
  return used !== undefined
}

/** What is refused for its number or its id leaves the number to whoever it belongs to. */
const notUsing = ['sequence_gap', 'mutation_changed']

export const refused = ({ code, message, details }: DomainError): Verdict => ({
  outcome: 'refused',
  error: { code, message, details },
})

/** Answers whether the id was free. `applied` is corrected if it turns out otherwise. */
const insert = async (tx: Tx, arrival: Arrival, id: string): Promise<boolean> => {
  const inserted = await insertAll(tx, [{ ...rowOf(arrival), id }])
  return inserted === 1
}

/** Writes down those whose id is free, and answers how many. */
export const insertAll = async (tx: Tx, rows: ReturnType<typeof rowOf>[]): Promise<number> => {
  const result = await tx
    .insertInto('mutations')
    .values(rows)
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst()
  return Number(result.numInsertedOrUpdatedRows ?? 0)
}

export const rowOf = ({ received, device, nowMs }: Arrived) => ({
  id: received.id,
  facility_id: device.facilityId,
  device_id: device.id,
  device_seq: received.seq,
  staff_id: received.staffId,
  lease_id: received.leaseId,
  command: received.command,
  version: received.version,
  body: received.body,
  body_hash: received.bodyHash,
  outcome: 'applied' as const,
  code: null,
  message: null,
  details: null,
  received_at: new Date(nowMs).toISOString(),
})

/** The outcomes that are kept under these ids, in this order, where they are of the same body from the same device. */
export const findKept = async (
  tx: Tx,
  device: Device,
  wanted: readonly Pick<Claimed, 'received' | 'keptAs'>[],
): Promise<readonly (MutationOutcome | undefined)[]> => {
  const ids = wanted.map(({ keptAs }) => keptAs)
  const rows = await tx
    .selectFrom('mutations')
    .select(['id', 'body_hash', 'outcome', 'code', 'message', 'details'])
    .where('id', 'in', ids)
    .where('device_id', '=', device.id)
    .execute()
  const byId = new Map(rows.map((row) => [row.id, row]))
  return wanted.map(({ received, keptAs }) => {
    const row = byId.get(keptAs)
    if (row?.body_hash !== received.bodyHash) return undefined
    const error =
      row.outcome === 'applied' ? null : errorBody.parse({ ...row, details: parseJson(row.details ?? '{}') })
    return { id: received.id, seq: received.seq, outcome: row.outcome, error }
  })
}

const parseJson = (text: string): unknown => JSON.parse(text)

export interface Settlement {
  readonly claimed: Claimed
  readonly verdict: Verdict
  readonly device: Device
  readonly nowMs: number
}

/** Keeps the verdict and moves the device's progress: both come down to every replica together with the effects. */
export const settle = async (
  tx: Tx,
  settlement: Settlement,
): Promise<{ readonly outcome: MutationOutcome; readonly lastSeq: number }> => {
  const { claimed, device } = settlement
  const reached = Math.max(claimed.lastSeq, claimed.received.seq)
  await keepVerdict(tx, settlement)
  if (reached > claimed.lastSeq) await advance(tx, device, reached)
  return { outcome: outcomeOf(settlement), lastSeq: reached }
}

/** Moves the device's progress: the acknowledgement that comes down to it. Goes out together with the commit. */
export const advance = async (tx: Tx, device: Device, lastSeq: number): Promise<void> => {
  await sql`update device_progress set last_seq = ${lastSeq} where id = ${device.id}${sql.raw(withNext)}`.execute(tx)
}

export const outcomeOf = ({ claimed: { received }, verdict }: Settlement): MutationOutcome => ({
  id: received.id,
  seq: received.seq,
  outcome: verdict.outcome,
  error: verdict.outcome === 'applied' ? null : verdict.error,
})

/** What did not go through as sent is corrected in `mutations`, and told to every replica: it is an item of the inbox. */
export const keepVerdict = async (tx: Tx, { claimed, verdict, device, nowMs }: Settlement): Promise<void> => {
  if (verdict.outcome === 'applied') return
  const { received, keptAs } = claimed
  const remark = {
    outcome: verdict.outcome,
    code: verdict.error.code,
    message: storable(verdict.error.message, 1000),
    details: JSON.stringify(verdict.error.details),
  }
  await tx.updateTable('mutations').set(remark).where('id', '=', keptAs).execute()
  await tx
    .insertInto('mutation_outcomes')
    .values({
      id: keptAs,
      facility_id: device.facilityId,
      device_id: device.id,
      device_seq: received.seq,
      staff_id: received.staffId,
      command: received.command,
      ...remark,
      ...(await inboxColumns(tx, { received, keptAs, verdict, device })),
      decided_at: new Date(nowMs).toISOString(),
    })
    .execute()
}

/** A UUID (version 8: made our own way) that the same body from the same device always gets. */
const idOfBody = (deviceId: string, bodyHash: string): string => {
  const hex = createHash('sha256').update(`${deviceId}:${bodyHash}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
