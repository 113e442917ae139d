import { createHash } from 'node:crypto'
import type { MutationOutcome } from '../../src-shared/contract/http.ts'
import { errorBody } from '../../src-shared/contract/http.ts'
import { DomainError, type ErrorData } from '../../src-shared/errors.ts'
import type { Device } from '../auth/devices.ts'
import type { Tx } from '../db/tx.ts'
import type { Received } from './received.ts'
import { storable } from './storable.ts'

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

interface Arrival {
  readonly received: Received
  readonly device: Device
  readonly nowMs: number
}

/**
 * Takes the device's turn and writes the mutation down first, so that a second delivery, also at the same moment, finds
 * it and gets the outcome that was kept (promise 3). Throws SequenceGap.
 */
export const claim = async (tx: Tx, arrival: Arrival): Promise<Claimed | Decided> => {
  const { received } = arrival
  const first = await insert(tx, arrival, received.id)
  if (first.isClaimed) return judgeNumber({ ...arrival, keptAs: received.id, lastSeq: first.lastSeq })
  const kept = await findKept(tx, arrival, received.id)
  if (kept) return { kind: 'decided', outcome: kept, lastSeq: first.lastSeq }
  return claimChanged(tx, arrival)
}

/** Known under this id is another body, or somebody else's (FAULTS N3): it is kept under an id made of its body. */
const claimChanged = async (tx: Tx, arrival: Arrival): Promise<Claimed | Decided> => {
  const { received, device } = arrival
  const keptAs = idOfBody(device.id, received.bodyHash)
  const second = await insert(tx, arrival, keptAs)
  const kept = second.isClaimed ? undefined : await findKept(tx, arrival, keptAs)
  if (kept) return { kind: 'decided', outcome: kept, lastSeq: second.lastSeq }
  const changed = new DomainError('mutation_changed', 'This was sent before with other content.', { id: received.id })
  return judgeNumber({ ...arrival, keptAs, lastSeq: second.lastSeq, reason: changed })
}

interface Numbered extends Arrival {
  readonly keptAs: string
  readonly lastSeq: number
  readonly reason?: DomainError
}

const judgeNumber = ({ received, keptAs, lastSeq, reason }: Numbered): Claimed => {
  const expected = lastSeq + 1
  if (received.seq > expected) throw new SequenceGap(expected)
  const used =
    received.seq < expected
      ? new DomainError('sequence_gap', 'This number was used already: the device was copied or set back.', {
          expected,
        })
      : undefined
  const why = reason ?? (received.content.kind === 'unusable' ? received.content.reason : used)
  return { kind: 'claimed', received, keptAs, lastSeq, refusal: why && refused(why) }
}

export const refused = ({ code, message, details }: DomainError): Verdict => ({
  outcome: 'refused',
  error: { code, message, details },
})

/** One statement takes the device's turn (the lock of its progress) and inserts. `applied` is corrected if it is not. */
const insert = async (
  tx: Tx,
  { received, device, nowMs }: Arrival,
  id: string,
): Promise<{ readonly isClaimed: boolean; readonly lastSeq: number }> => {
  const row = await tx
    .with('progress', (db) =>
      db.selectFrom('device_progress').select('last_seq').where('id', '=', device.id).forUpdate(),
    )
    .with('claimed', (db) =>
      db
        .insertInto('mutations')
        .values({
          id,
          facility_id: device.facilityId,
          device_id: device.id,
          device_seq: received.seq,
          staff_id: received.staffId,
          lease_id: received.leaseId,
          command: received.command,
          version: received.version,
          body: received.body,
          body_hash: received.bodyHash,
          outcome: 'applied',
          code: null,
          message: null,
          details: null,
          received_at: new Date(nowMs).toISOString(),
        })
        .onConflict((conflict) => conflict.column('id').doNothing())
        .returning('id'),
    )
    .selectFrom('progress')
    .select((eb) => ['progress.last_seq', eb.exists(eb.selectFrom('claimed').select('claimed.id')).as('is_claimed')])
    .executeTakeFirstOrThrow()
  return { isClaimed: Boolean(row.is_claimed), lastSeq: row.last_seq }
}

/** The outcome that is kept under this id, if it is of the same body from the same device. */
const findKept = async (tx: Tx, { received, device }: Arrival, id: string): Promise<MutationOutcome | undefined> => {
  const row = await tx
    .selectFrom('mutations')
    .select(['outcome', 'code', 'message', 'details'])
    .where('id', '=', id)
    .where('device_id', '=', device.id)
    .where('body_hash', '=', received.bodyHash)
    .executeTakeFirst()
  if (!row) return undefined
  const error = row.outcome === 'applied' ? null : errorBody.parse({ ...row, details: parseJson(row.details ?? '{}') })
  return { id: received.id, seq: received.seq, outcome: row.outcome, error }
}

const parseJson = (text: string): unknown => JSON.parse(text)

interface Settlement {
  readonly claimed: Claimed
  readonly verdict: Verdict
  readonly device: Device
  readonly nowMs: number
}

/** Keeps the verdict and moves the device's progress: both come down to every replica together with the effects. */
export const settle = async (
  tx: Tx,
  { claimed, verdict, device, nowMs }: Settlement,
): Promise<{ readonly outcome: MutationOutcome; readonly lastSeq: number }> => {
  const { received, lastSeq } = claimed
  if (verdict.outcome !== 'applied') await keepRemark(tx, { claimed, verdict, device, nowMs })
  const reached = Math.max(lastSeq, received.seq)
  if (reached > lastSeq) {
    await tx.updateTable('device_progress').set({ last_seq: reached }).where('id', '=', device.id).execute()
  }
  const error = verdict.outcome === 'applied' ? null : verdict.error
  return { outcome: { id: received.id, seq: received.seq, outcome: verdict.outcome, error }, lastSeq: reached }
}

const keepRemark = async (
  tx: Tx,
  { claimed, verdict, device, nowMs }: Settlement & { readonly verdict: Exclude<Verdict, { outcome: 'applied' }> },
): Promise<void> => {
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
      decided_at: new Date(nowMs).toISOString(),
    })
    .execute()
}

/** A UUID (version 8: made our own way) that the same body from the same device always gets. */
const idOfBody = (deviceId: string, bodyHash: string): string => {
  const hex = createHash('sha256').update(`${deviceId}:${bodyHash}`).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
