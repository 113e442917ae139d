import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { compactLog } from '../../../sync-server/compaction/compact.ts'
import * as build from '../../support/academy.ts'
import { seedAcademy } from '../../support/academy-pg.ts'
import { createFoyerDatabase, type FoyerDatabase } from '../../support/foyer-database.ts'
import { logClient, rowsAt } from '../../support/log-client.ts'

let database: FoyerDatabase
let facilityId: string

beforeEach(async () => {
  database = await createFoyerDatabase()
  facilityId = (await seedAcademy(database.admin)).first.facility.id
  // Keeps every entry that ever was: what a client must show is told from it.
  await sql`create table archive (position int8, table_name text, row_id uuid, row text)`.execute(database.admin)
  await sql`insert into archive select position, table_name, row_id, row::text from sync_log
    where facility_id = ${facilityId} and audience = 'desk'`.execute(database.admin)
  await sql`create function keep() returns trigger language plpgsql security definer as $$ begin
    insert into public.archive values (new.position, new.table_name, new.row_id, new.row::text); return null; end $$`.execute(
    database.admin,
  )
  await sql`create trigger keep after insert on sync_log for each row
    when (new.audience = 'desk') execute function keep()`.execute(database.admin)
})
afterEach(() => database.drop())

const transactions = 150

/** Each transaction adds a row, changes the one before and removes an older one; some come back later. */
const write = async (): Promise<void> => {
  const spaces = Array.from({ length: transactions }, () => build.space({ facility_id: facilityId }))
  for (const [turn, space] of spaces.entries()) {
    const [changed, removed, back] = [spaces[turn - 1], spaces[turn - 3], spaces[turn - 6]]
    await database.admin.transaction().execute(async (tx) => {
      await tx.insertInto('spaces').values(space).execute()
      if (changed) await tx.updateTable('spaces').set({ capacity: turn }).where('id', '=', changed.id).execute()
      if (removed) await tx.deleteFrom('spaces').where('id', '=', removed.id).execute()
      if (back && turn % 5 === 0) await tx.insertInto('spaces').values(back).execute()
    })
  }
}

interface Shown {
  readonly position: number
  readonly rows: readonly (readonly [string, string])[]
}

type Habit = 'loads' | 'follows' | 'sleeps'

/** Reads in small pieces, and notes what it shows whenever it is up to date. */
const read = async (
  habit: Habit,
  isOver: () => boolean,
  rounds: () => number,
): Promise<{ shown: Shown[]; refetches: number }> => {
  const limit = { rows: habit === 'loads' ? 12 : 40, bytes: 100_000 }
  const client = logClient({ db: database.server, log: { facilityId, audience: 'desk' }, limit })
  const shown: Shown[] = []
  let refetches = 0
  for (let isLast = false; !isLast;) {
    isLast = isOver()
    const answer = await client.ask(habit === 'follows')
    if (answer === 'must-refetch') refetches += 1
    if (typeof answer === 'string') {
      isLast = false
      continue
    }
    shown.push({ position: answer.position, rows: [...client.rows()] })
    if (habit === 'loads' && !isLast) client.startOver()
    const wakesAt = rounds() + (habit === 'sleeps' ? 2 : 0)
    while (rounds() < wakesAt && !isOver()) await delay(10)
  }
  return { shown, refetches }
}

test('whoever reads while the log is compacted shows exactly what was there, at every position (S12, N7)', async () => {
  let isWriting = true
  const reading = new AbortController()
  let rounds = 0
  const taken = { superseded: 0, removals: 0 }
  const compacting = (async () => {
    while (!reading.signal.aborted) {
      const ages = { supersededAfterSeconds: 0, removalsAfterSeconds: 0.02 }
      const { superseded, removals } = await compactLog({ db: database.server, ...ages, pieceSize: 10, restMs: 1 })
      taken.superseded += superseded
      taken.removals += removals
      rounds += 1
    }
  })()
  const isOver = (): boolean => !isWriting
  const habits = ['loads', 'follows', 'sleeps', 'loads'] as const
  const readings = Promise.all(habits.map((habit) => read(habit, isOver, () => rounds)))

  await Promise.all([write(), write(), write()])
  isWriting = false
  const readers = await readings
  reading.abort()
  await compacting

  const { rows: archive } = await sql<Parameters<typeof rowsAt>[0][number]>`
    select * from archive order by position`.execute(database.admin)
  const wrong = readers.flatMap(({ shown }, reader) =>
    shown
      .filter(({ position, rows }) => !isSame(new Map(rows), rowsAt(archive, position)))
      .map(({ position }) => `reader ${reader} at ${position}`),
  )
  expect(wrong).toEqual([])
  // All of it really happened.
  const { rows } = await sql<{ position: number; pruned_to: number; left: number }>`
    select position, pruned_to, (select count(*) from sync_log where facility_id = ${facilityId} and audience = 'desk') as left
    from facility_heads where facility_id = ${facilityId} and audience = 'desk'`.execute(database.admin)
  expect(rows[0]?.pruned_to).toBeGreaterThan(0)
  expect(rows[0]?.left).toBeLessThan(archive.length)
  expect(taken.superseded).toBeGreaterThan(50)
  expect(taken.removals).toBeGreaterThan(10)
  expect(readers.flatMap(({ shown }) => shown).length).toBeGreaterThan(20)
  expect(readers.some(({ refetches }) => refetches > 0)).toBe(true)
})

const isSame = (left: ReadonlyMap<string, string>, right: ReadonlyMap<string, string>): boolean =>
  left.size === right.size && [...left].every(([key, row]) => right.get(key) === row)
