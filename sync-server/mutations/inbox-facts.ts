import { z } from 'zod'
import type { ErrorData } from '../../src-shared/errors.ts'
import { mutationOfRow } from '../../src-shared/ids.ts'
import type { Fact } from '../../src-shared/rules/inbox-facts.ts'
import type { Asked } from '../../src-shared/rules/inbox.ts'
import { takesPlace } from '../../src-shared/rules/sessions.ts'
import type { Device } from '../auth/devices.ts'
import type { Tx } from '../db/tx.ts'
import type { Received } from './received.ts'

/** A mutation that did not go through as sent. */
export interface Decision {
  readonly received: Received
  /** Under which id it is kept. */
  readonly keptAs: string
  readonly verdict: { readonly outcome: 'merged' | 'refused'; readonly error: ErrorData }
  readonly device: Device
}

interface Question extends Decision {
  /** What was to be done. */
  readonly asked: Asked
  /** The item of the inbox that it was about. */
  readonly item: string | undefined
}

/** The marks and check-ins of a large class. */
const maxFacts = 100
/** As many of the ids that a mutation names are looked for, each of a kind. */
const maxIds = 50

/** What there is instead of what was asked, by what it is about. What the mutation itself has made is not among it. */
export const factsAbout = async (tx: Tx, question: Question): Promise<readonly Fact[]> => {
  const { command } = question.asked
  const facts: Fact[] = [...(await settlementFact(tx, question)), ...(await mutationFact(tx, question))]
  if (/^(check_in|check_out|attendance|roll)\./.test(command)) facts.push(...(await classFacts(tx, question)))
  if (command.startsWith('payment.')) facts.push(...(await moneyFacts(tx, question)))
  return facts.slice(0, maxFacts)
}

const settlementFact = async (tx: Tx, { item }: Question): Promise<readonly Fact[]> => {
  if (item === undefined) return []
  const rows = await tx.selectFrom('inbox_settlements').selectAll().where('id', '=', item).execute()
  return rows.map(({ id, state, note, at, staff_id, device_id }) => ({
    kind: 'settlement',
    outcome_id: id,
    state,
    note,
    at,
    staff_id,
    device_id,
  }))
}

/** The other mutation under the same id (FAULTS N3), or the same number (a device that was copied). */
const mutationFact = async (tx: Tx, { received, verdict, device }: Question): Promise<readonly Fact[]> => {
  const { code } = verdict.error
  if (code !== 'mutation_changed' && code !== 'sequence_gap') return []
  const query = tx.selectFrom('mutations').select(['id', 'command', 'received_at as at', 'staff_id', 'device_id'])
  const rows = await (
    code === 'mutation_changed'
      ? query.where('id', '=', received.id)
      : query
          .where('device_id', '=', device.id)
          .where('device_seq', '=', received.seq)
          .where('outcome', '!=', 'refused')
  ).execute()
  return rows.map(({ id, ...row }) => ({ kind: 'mutation', mutation_id: id, ...row }))
}

const id = z.uuid().toLowerCase()
const place = z.object({ student_id: id.optional().catch(undefined), session_id: id.optional().catch(undefined) })
const placeArgs = place.extend({
  entries: z.array(place.catch({})).catch([]),
  marks: z.array(place.catch({})).catch([]),
})

/** How the session stands, and what is written down of these children in it. */
const classFacts = async (tx: Tx, { asked, keptAs }: Question): Promise<readonly Fact[]> => {
  const parsed = placeArgs.safeParse(asked.args).data
  if (!parsed) return []
  const places = [parsed, ...parsed.entries, ...parsed.marks]
  const session_ids = unique(places.map((one) => one.session_id))
  if (session_ids.length === 0) return []
  const sessions = await tx
    .selectFrom('sessions')
    .select(['id', 'status', 'roll_closed_at', 'roll_closed_by'])
    .where('id', 'in', session_ids)
    .orderBy('id')
    .execute()
  const facts: Fact[] = sessions.flatMap(({ id: session_id, status, roll_closed_at, roll_closed_by }): Fact[] => [
    ...(takesPlace({ status }) ? [] : [{ kind: 'session' as const, session_id, status }]),
    ...(roll_closed_at === null
      ? []
      : [{ kind: 'roll_closed' as const, session_id, at: roll_closed_at, staff_id: roll_closed_by, device_id: null }]),
  ])
  const student_ids = unique(places.map((one) => one.student_id))
  if (student_ids.length === 0) return facts
  const isOther = ({ id: rowId }: { readonly id: string }): boolean => mutationOfRow(rowId) !== keptAs
  const marks = await tx
    .selectFrom('attendance_marks')
    .select(['id', 'session_id', 'student_id', 'code', 'source', 'at', 'staff_id', 'device_id'])
    .where('session_id', 'in', session_ids)
    .where('student_id', 'in', student_ids)
    .orderBy('hlc', 'desc')
    .orderBy('id', 'desc')
    .execute()
  const checkIns = await tx
    .selectFrom('check_ins')
    .select(['id', 'session_id', 'student_id', 'kind as direction', 'at', 'staff_id', 'device_id'])
    .where('session_id', 'in', session_ids)
    .where('student_id', 'in', student_ids)
    .orderBy('hlc', 'desc')
    .orderBy('id', 'desc')
    .execute()
  return [
    ...facts,
    ...lastOfEach(marks.filter(isOther)).map((mark) => ({ kind: 'mark' as const, ...factOf(mark) })),
    ...lastOfEach(checkIns.filter(isOther)).map((event) => ({ kind: 'check_in' as const, ...factOf(event) })),
  ]
}

const factOf = <T extends { readonly id: string }>(row: T): Omit<T, 'id'> => {
  const { id: _id, ...fact } = row
  return fact
}

const unique = (ids: readonly (string | undefined)[]): readonly string[] =>
  [...new Set(ids.filter((one) => one !== undefined))].slice(0, maxIds)

/** The newest of each child in each session, of those that come newest first. */
const lastOfEach = <T extends { readonly session_id: string; readonly student_id: string }>(
  rows: readonly T[],
): readonly T[] =>
  [...Map.groupBy(rows, (row) => `${row.session_id} ${row.student_id}`).values()].flatMap(([last]) => last ?? [])

const moneyArgs = z.object({
  payment_id: id.optional().catch(undefined),
  allocations: z.array(z.object({ invoice_id: id.optional().catch(undefined) }).catch({})).catch([]),
})

/** What pays these invoices, what took this payment back, and which payment has the receipt number. */
const moneyFacts = async (tx: Tx, question: Question): Promise<readonly Fact[]> => {
  const parsed = moneyArgs.safeParse(question.asked.args).data
  if (!parsed) return []
  const invoices = unique(parsed.allocations.map((one) => one.invoice_id))
  const facts: Fact[] = [...(await paymentFacts(tx, question, invoices)), ...(await receiptFact(tx, question))]
  if (parsed.payment_id === undefined) return facts
  const voids = await tx
    .selectFrom('payment_voids')
    .select(['payment_id', 'reason', 'at', 'staff_id', 'device_id'])
    .where('payment_id', '=', parsed.payment_id)
    .execute()
  return [...facts, ...voids.map((row): Fact => ({ kind: 'void', ...row }))]
}

const paymentFacts = async (tx: Tx, { keptAs }: Question, invoices: readonly string[]): Promise<readonly Fact[]> => {
  if (invoices.length === 0) return []
  const rows = await tx
    .selectFrom('payment_allocations as part')
    .innerJoin('payments as payment', 'payment.id', 'part.payment_id')
    .leftJoin('payment_voids as void', 'void.payment_id', 'payment.id')
    .leftJoin('receipts as receipt', 'receipt.payment_id', 'payment.id')
    .select(['payment.id as payment_id', 'part.invoice_id', 'part.amount', 'receipt.label as receipt'])
    .select(['payment.at', 'payment.staff_id', 'payment.device_id'])
    .where('part.invoice_id', 'in', invoices)
    .where('void.id', 'is', null)
    .orderBy('payment.at', 'desc')
    .orderBy('part.id')
    .limit(maxFacts)
    .execute()
  return rows
    .filter(({ payment_id }) => mutationOfRow(payment_id) !== keptAs)
    .map((row) => ({ kind: 'payment', ...row }))
}

const receiptFact = async (tx: Tx, { received, device, keptAs }: Question): Promise<readonly Fact[]> => {
  const { content } = received
  const number = content.kind === 'envelope' ? content.envelope.series_number : null
  if (number === null) return []
  const rows = await tx
    .selectFrom('receipts as receipt')
    .innerJoin('payments as payment', 'payment.id', 'receipt.payment_id')
    .select(['payment.id as payment_id', 'receipt.label as receipt', 'payment.amount', 'payment.at'])
    .select(['payment.staff_id', 'payment.device_id'])
    .where('receipt.till_id', '=', device.till.id)
    .where('receipt.number', '=', number)
    .execute()
  return rows
    .filter(({ payment_id }) => mutationOfRow(payment_id) !== keptAs)
    .map((row) => ({ kind: 'receipt', ...row }))
}
