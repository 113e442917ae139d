import { setImmediate } from 'node:timers/promises'
import { type Kysely, sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Database } from '../../src-shared/schema/tables.ts'
import { inRole, type PostgresDatabase } from '../../sync-server/db/postgres.ts'
import * as build from '../support/academy.ts'
import { payment, seedAcademy, type SeededFacility, seedHousehold } from '../support/academy-pg.ts'
import { entriesAfter, type Entry, headOf, replay, visibleImages } from '../support/facility-log.ts'
import { createFoyerDatabase, type FoyerDatabase } from '../support/foyer-database.ts'

const writers = 12
const transactionsPerWriter = 40

let database: FoyerDatabase
let db: Kysely<PostgresDatabase>
let academy: Awaited<ReturnType<typeof seedAcademy>>

/** A facility with a family of its own that pays there. */
interface Desk {
  readonly place: SeededFacility
  readonly invoice: Database['invoices']
}

let desks: readonly [Desk, Desk]

beforeAll(async () => {
  database = await createFoyerDatabase()
  db = database.admin
  academy = await seedAcademy(db)
  const second = await seedHousehold(db, [academy.second.facility.id])
  desks = [
    { place: academy.first, invoice: academy.household.invoice },
    { place: academy.second, invoice: second.invoice },
  ]
})

afterAll(() => database.drop())

interface Payment {
  readonly parts: readonly number[]
  readonly isCounted: boolean
}

/** A payment and its allocations, which add up to it, in several statements. */
const pay = async (tx: Kysely<PostgresDatabase>, { place, invoice }: Desk, parts: readonly number[]): Promise<void> => {
  const { family_id, id: invoice_id } = invoice
  const amount = parts.reduce((sum, part) => sum + part, 0)
  const paid = payment(place, { family_id, method_id: academy.cash.id, amount, tendered: null })
  await tx.insertInto('payments').values(paid).execute()
  for (const part of parts) {
    const allocation = { id: build.newId(), family_id, payment_id: paid.id, invoice_id, amount: part }
    await tx.insertInto('payment_allocations').values(allocation).execute()
  }
}

/**
 * A row that some transactions of a desk change, each one adding 1. Those wait for each other here; the others meet only
 * when they publish.
 */
const count = async (tx: Kysely<PostgresDatabase>, { place }: Desk, isCounted: boolean): Promise<void> => {
  if (!isCounted) return
  await tx
    .updateTable('device_progress')
    .set((eb) => ({ last_seq: eb('last_seq', '+', 1) }))
    .where('id', '=', place.device.id)
    .execute()
}

const writeAtOneDesk = async (desk: Desk, { parts, isCounted }: Payment): Promise<void> => {
  const session = {
    role: 'foyer_app',
    facilityId: desk.place.facility.id,
    organizationId: academy.organization_id,
  } as const
  await inRole(database.server, session, async (tx) => {
    await pay(tx, desk, parts)
    await count(tx, desk, isCounted)
  })
}

/** Half of them begin at the one desk, half at the other. Only the rows that both change are taken in one order. */
const writeAtBothDesks = async (first: Desk, second: Desk, { parts, isCounted }: Payment): Promise<void> => {
  await db.transaction().execute(async (tx) => {
    await pay(tx, first, parts)
    await pay(tx, second, parts)
    await count(tx, desks[0], isCounted)
    await count(tx, desks[1], isCounted)
  })
}

const write = async (writer: number): Promise<void> => {
  for (let round = 0; round < transactionsPerWriter; round += 1) {
    const [first, second] = (writer + round) % 2 === 0 ? desks : desks.toReversed()
    if (!first || !second) throw new Error('There are two desks')
    const parts = Array.from({ length: 1 + (round % 3) }, (_, index) => 100 * (index + 1))
    const isBoth = (round * 7 + writer) % 10 < 3
    const paid = { parts, isCounted: round % 4 === 0 }
    await (isBoth ? writeAtBothDesks(first, second, paid) : writeAtOneDesk(first, paid))
  }
}

interface Reading {
  readonly entries: Entry[]
  /** How far the log went each time that the reader looked. */
  readonly heads: number[]
}

/** Follows a log as a replica does: what the head says, then everything up to it. */
const follow = async (facilityId: string, isOver: () => boolean): Promise<Reading> => {
  const reading: Reading = { entries: [], heads: [] }
  let position = 0
  for (let isLast = false; !isLast;) {
    isLast = isOver()
    const head = await headOf(db, facilityId)
    const entries = await entriesAfter(db, facilityId, position)
    reading.entries.push(...entries.filter((entry) => entry.position <= head))
    if (head > position) reading.heads.push(head)
    position = head
    await setImmediate()
  }
  return reading
}

/** Payments whose allocations do not add up, and how many there are, in what a replica holds at a head. */
const tornPayments = (entries: readonly Entry[]): readonly string[] => {
  const { payments = {}, payment_allocations: allocations = {} } = replay(entries)
  const sums = new Map<unknown, number>()
  for (const { payment_id, amount } of Object.values(allocations)) {
    sums.set(payment_id, (sums.get(payment_id) ?? 0) + Number(amount))
  }
  return Object.values(payments)
    .filter(({ id, amount }) => sums.get(id) !== amount)
    .map(({ id }) => String(id))
}

describe('with twelve writers at two facilities, of whose transactions a third touch both', () => {
  const readings = new Map<string, Reading>()

  beforeAll(async () => {
    let isOver = false
    const facilities = desks.map(({ place }) => place.facility.id)
    const readers = facilities.map(async (id) => readings.set(id, await follow(id, () => isOver)))
    try {
      await Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)))
    } finally {
      isOver = true
      await Promise.all(readers)
    }
  })

  test.each([0, 1] as const)('the log of facility %i has no gap and no entry that came late (S1)', async (which) => {
    const { facility } = desks[which].place
    const { entries } = readings.get(facility.id) ?? { entries: [] }

    expect(entries.length).toBeGreaterThan(700)
    expect(entries.map(({ position }) => position)).toEqual(entries.map((_, index) => index + 1))
    expect(entries).toEqual(await entriesAfter(db, facility.id))
  })

  test.each([0, 1] as const)('a reader of facility %i never sees half of a transaction', (which) => {
    const { entries, heads } = readings.get(desks[which].place.facility.id) ?? { entries: [], heads: [] }

    const torn = heads.filter((head) => tornPayments(entries.slice(0, head)).length > 0)

    expect(heads.length).toBeGreaterThan(10)
    expect(torn).toEqual([])
    const cuts = [1, 2].map((back) => entries.slice(0, (heads.at(-1) ?? 0) - back))
    expect(cuts.flatMap(tornPayments), 'cut elsewhere, a transaction is torn').not.toEqual([])
  })

  test.each([0, 1] as const)('the images of a row at facility %i come in the order of commits', (which) => {
    const { device, facility } = desks[which].place
    const { entries } = readings.get(facility.id) ?? { entries: [] }

    const numbers = entries.filter((entry) => entry.row_id === device.id && entry.table_name === 'device_progress')

    expect(numbers.map(({ row }) => row?.['last_seq'])).toEqual(numbers.map((_, index) => index))
  })

  test('both replicas end as the tables are, and the stage is empty', async () => {
    for (const { place } of desks) {
      const { entries } = readings.get(place.facility.id) ?? { entries: [] }
      expect(replay(entries)).toEqual(await visibleImages(db, place.facility.id))
    }
    const { rows } = await sql`select xid from sync_stage union all select xid from sync_pending`.execute(db)
    expect(rows).toEqual([])
  })
})
