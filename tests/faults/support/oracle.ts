import { sql } from 'kysely'
import { setTimeout as delay } from 'node:timers/promises'
import { applierFor } from '../../../src-shared/replica/apply.ts'
import { academy } from '../../support/academy.ts'
import { openDesk as openTestDesk } from '../../support/desk.ts'
import { visibleImages } from '../../support/facility-log.ts'
import type { DeskProcess } from './desk-process.ts'
import type { Ground } from './ground.ts'

/** What was answered "saved", by every desk. */
export interface Acked {
  readonly id: string
  /** Of a payment, in minor units. */
  readonly amount?: number
}

/** A check-in at a desk; what was saved is added to `acked`. */
export const checkIn = async ({ counter }: Ground, desk: DeskProcess, acked: Acked[]): Promise<void> => {
  const entries = counter.children.map(({ id }) => ({ student_id: id, session_id: counter.session.id }))
  acked.push({ id: (await desk.call('command', { name: 'check_in.record', args: { entries } })).mutation_id })
}

/** A check-in and a payment. */
export const serve = async (ground: Ground, desk: DeskProcess, acked: Acked[], amount = 100): Promise<void> => {
  const { counter } = ground
  await checkIn(ground, desk, acked)
  const args = {
    family_id: counter.family.id,
    method_id: counter.cash.id,
    amount,
    tendered: amount,
    reference: null,
    allocations: [],
  }
  acked.push({ id: (await desk.call('command', { name: 'payment.take', args })).mutation_id, amount })
}

/** How long everything may take to drain when the faults have ended (I8), with as much again for a busy machine. */
const drainMs = 60_000

/** Waits until nothing is waiting and the desk is online; answers how long that took, in milliseconds. */
export const drain = async (desk: DeskProcess): Promise<number> => {
  const began = performance.now()
  for (;;) {
    const { waiting, online, problem } = await desk.call('sync.status')
    const took = performance.now() - began
    if (waiting === 0 && online) return took
    if (took > drainMs) throw new Error(`${waiting} are waiting after ${took} ms: ${problem?.message ?? 'no problem'}`)
    await delay(50)
  }
}

/** Stops a drained desk and compares everything: what is wrong, in words. */
export const compare = async (ground: Ground, name: string, desk: DeskProcess): Promise<readonly string[]> => {
  const { db } = ground.truth
  const images = await visibleImages(db, academy.facility_id)
  const wanted = Object.entries(images).flatMap(([table_name, rows]) =>
    Object.entries(rows).map(([row_id, row]) => ({ table_name, row_id, row, position: 0 })),
  )
  await desk.stop()
  const left = openTestDesk({ folder: ground.profileOf(name) })
  try {
    await left.signIn()
    const { replica } = left.data.signedIn().store
    const applier = applierFor(replica.db)
    const tables = [...new Set(wanted.map(({ table_name }) => table_name))]
    const differences = (): readonly string[] => [
      ...wanted
        .filter((entry) => !applier.isShown(entry))
        .map(({ table_name, row_id }) => `${name} does not show ${table_name} ${row_id}`),
      ...tables
        .filter((table) => left.rows(table).length !== wanted.filter(({ table_name }) => table_name === table).length)
        .map((table) => `${name} has other rows in ${table}`),
    ]
    const latest = performance.now() + drainMs
    while (differences().length > 0 && performance.now() < latest) await delay(50)
    return differences()
  } finally {
    await left.stop()
  }
}

/** What is wrong on the server: each acked mutation has one outcome, and the money is exact (I1, I2, I6). */
export const judge = async ({ truth: { db } }: Ground, acked: readonly Acked[]): Promise<readonly string[]> => {
  const { rows: decided } = await sql<{ id: string; outcome: string }>`select id, outcome from mutations`.execute(db)
  const outcomes = new Map(decided.map(({ id, outcome }) => [id, outcome]))
  const { rows: money } = await sql<{ count: number; sum: number }>`
    select count(*)::int as count, coalesce(sum(amount), 0)::int as sum from payments`.execute(db)
  const { rows: numbers } = await sql<{
    till_id: string
    number: number
  }>`select till_id, number from receipts`.execute(db)
  const payments = acked.filter(({ amount }) => amount !== undefined)
  const sum = payments.reduce((total, { amount }) => total + (amount ?? 0), 0)
  const taken = money[0] ?? { count: 0, sum: 0 }
  return [
    ...acked.filter(({ id }) => !outcomes.has(id)).map(({ id }) => `${id} was saved and has no outcome`),
    ...decided.filter(({ outcome }) => outcome === 'refused').map(({ id }) => `${id} was refused`),
    ...(decided.length === acked.length ? [] : [`${decided.length} outcomes for ${acked.length} mutations`]),
    ...(taken.count === payments.length ? [] : [`${taken.count} payments, not ${payments.length}`]),
    ...(taken.sum === sum ? [] : [`${taken.sum} in the books, not ${sum}`]),
    ...(new Set(numbers.map(({ till_id, number }) => `${till_id}/${number}`)).size === numbers.length
      ? []
      : ['a receipt number came twice']),
  ]
}
