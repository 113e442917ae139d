import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SearchResult } from '../../src-shared/queries/search.ts'
import { syncedTables, type SyncedTableName } from '../../src-shared/schema/tables.ts'
import { compactLog } from '../../sync-server/compaction/compact.ts'
import * as build from '../support/academy.ts'
import { compare, comparedDesks, drained, healthOf, mendedTables, tamper } from '../support/compared-desks.ts'
import { openDesk, type TestDesk } from '../support/desk.ts'
import { until } from '../support/until.ts'

const { server, newDesk, keep, mark } = comparedDesks()

/** Whatever a counter sends, sensible or not. */
const commandIn = () => {
  const { session, children, family, cash, invoices } = server().counter
  const child = fc.constantFrom(...children).map(({ id }) => id)
  const place = child.map((student_id) => ({ student_id, session_id: session.id }))
  const note = fc.option(fc.string({ unit: 'grapheme', maxLength: 30 }))
  const amount = fc.integer({ min: 1, max: 20_000 })
  return fc.oneof(
    place.map((entry) => ({ name: 'check_in.record', args: { entries: [entry] } })),
    place.map((entry) => ({ name: 'check_out.record', args: { entries: [entry], guardian_id: null } })),
    fc.record({ student_id: child, code: fc.constantFrom('present', 'late', 'absent'), note }).map((marked) => ({
      name: 'attendance.mark',
      args: { session_id: session.id, marks: [marked] },
    })),
    fc.record({ amount, part: fc.integer({ min: 0, max: 20_000 }) }).map(({ amount: paid, part }) => ({
      name: 'payment.take',
      args: {
        family_id: family.id,
        method_id: cash.id,
        amount: paid,
        tendered: paid,
        reference: null,
        allocations: part === 0 ? [] : [{ invoice_id: invoices[0].id, amount: part, already_paid: 0 }],
      },
    })),
  )
}

const firstId = (desk: TestDesk, table: string): string => String(desk.rows(table)[0]?.['id'])

/** A text that nothing depends on: what a wrong number of its own mutations does has tests of its own. */
const harmless = (table: SyncedTableName): string => {
  const columns = Object.entries<{ readonly sqlite: string }>(syncedTables[table].columns)
  return columns.findLast(([name, { sqlite }]) => name !== 'id' && sqlite === 'TEXT')?.[0] ?? 'id'
}

describe('a desk that compares itself with the server', () => {
  test('finds nothing after local and other work, also on another desk (I4)', async () => {
    const [one, two] = [await newDesk(), await newDesk()]
    await mark(one, 0)
    await mark(two, 1)
    await Promise.all([drained(one), drained(two)])

    const results = [await compare(one), await compare(two)]

    for (const result of results) {
      expect(result).toMatchObject({ different: [], skipped: 0, mended: [], problem: null })
      expect(result.compared_up_to).not.toBeNull()
    }
  })

  test('finds nothing after any run of commands on two desks, accepted or refused (I4)', async () => {
    const twoDesks = [await newDesk(), await newDesk()] as const

    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom(...twoDesks), commandIn()), { maxLength: 12 }),
        async (run) => {
          for (const [desk, { name, args }] of run) await desk.invoke('command', { name, args })

          for (const desk of twoDesks) expect(await compare(desk)).toMatchObject({ different: [], mended: [] })
        },
      ),
      { numRuns: 4 },
    )
  })

  test('names and mends what is wrong in any table, be it one letter of one row (D7)', async () => {
    const desk = await newDesk()
    await mark(desk, 0)
    await drained(desk)
    const filled = (Object.keys(syncedTables) as SyncedTableName[]).filter((table) => desk.rows(table).length > 0)
    const before = Object.fromEntries(filled.map((table) => [table, desk.rows(table)]))

    const found: unknown[] = []
    for (const table of filled) {
      tamper(desk, `update "${table}" set "${harmless(table)}" = '~' where id = ?`, firstId(desk, table))
      found.push(mendedTables(await compare(desk)))
    }

    expect(found).toEqual(filled.map((table) => [[table, 1]]))
    expect(Object.fromEntries(filled.map((table) => [table, desk.rows(table)]))).toEqual(before)
    expect(desk.faults).toEqual([])
  })

  test('mends rows that are missing, too many, under another id, under one that is none, or mixed up', async () => {
    const desk = await newDesk()
    const rows = () => ['students', 'guardians', 'spaces'].map((table) => desk.rows(table))
    const before = rows()
    const wrongs = [
      'delete from guardians',
      "insert into spaces values ('00000000-0000-4000-8000-0000000000ff', 'x', 'y', 'pool', 1)",
      "update students set id = 'ffffffff' || substr(id, 9)",
      "update students set id = 'x' || id",
      'update students set first_name = (select max(first_name) from students s where s.id <> students.id)',
    ]

    for (const wrong of wrongs) {
      expect(tamper(desk, wrong)).toBeGreaterThan(0)
      expect((await compare(desk)).different).toEqual([])
      expect(rows()).toEqual(before)
    }
    expect((await healthOf(desk)).mended.map(({ everything }) => everything)).toEqual(wrongs.map(() => false))
  })

  test('finds a family by the right name again, and no more by the wrong one', async () => {
    const desk = await newDesk()
    tamper(desk, "update families set name = 'Zebulon'")
    const search = async (text: string) =>
      (await desk.query<SearchResult>('counter.search', { text, now: new Date().toISOString() })).families.length

    await compare(desk)

    expect([await search('zebulon'), await search(server().counter.family.name)]).toEqual([0, 1])
  })
})

describe('the server', () => {
  test('that has compacted its log, or never counted, says the same (SPEC H8)', async () => {
    const desk = await newDesk()
    await compare(desk)
    await server().sql(
      'update sessions set capacity = 9; update sessions set capacity = 10; delete from spaces where id in (select id from spaces limit 5)',
    )
    await server().sql("update sync_log set at = at - interval '61 days'")
    await compactLog({ db: server().postgres.db, restMs: 0 })
    await mark(desk, 0)
    await drained(desk)

    expect((await compare(desk)).different).toEqual([])
    await server().sql('delete from facility_digests')
    expect((await compare(desk)).different).toEqual([])
  })

  test('of another history is not compared with: the replica is fetched again first (S5)', async () => {
    const desk = await newDesk()
    await compare(desk)
    await server().sql('update server_epoch set epoch = gen_random_uuid()')

    const status = await compare(desk)

    expect(status).toMatchObject({ different: [], problem: null })
  })

  test('hears how much is waiting on a desk, and how far behind it is', async () => {
    const desk = await newDesk()
    await mark(desk, 0)
    await drained(desk)
    const device = desk.data.signedIn().device.profile().device_id
    const line = async (name: string) => {
      const text = await (await fetch(`${server().url()}/metrics`)).text()
      return text.split('\n').find((each) => each.startsWith(`${name}{device="${device}"}`))
    }

    await until(async () => (await line('foyer_device_waiting'))?.endsWith(' 0') ?? false)

    expect(await line('foyer_device_behind_entries')).toMatch(/ 0$/)
    expect(await line('foyer_device_behind_seconds')).toMatch(/ 0$/)
  })
})

test('what was found and mended is remembered after a restart', async () => {
  const desk = await newDesk()
  tamper(desk, "update families set name = 'Wrong'")
  const before = await compare(desk)
  await desk.stop()

  const again = openDesk({ folder: desk.folder })
  keep(again)
  await again.signIn()

  expect(await healthOf(again)).toMatchObject({ compared_at: before.compared_at, mended: before.mended })
})

test('a facility that is busy with others is compared all the same', async () => {
  const desk = await newDesk()
  let ended = false
  const isOver = (): boolean => ended
  const busy = (async () => {
    do await server().insert('spaces', build.space({ facility_id: build.academy.facility_id }))
    while (!isOver())
  })()

  const status = await compare(desk).finally(() => (ended = true))
  await busy

  expect(status.different).toEqual([])
})
