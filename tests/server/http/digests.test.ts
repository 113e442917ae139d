import { describe, expect, test } from 'vitest'
import { emptyDigest } from '../../../src-shared/replica/digest.ts'
import { compactLog } from '../../../sync-server/compaction/compact.ts'
import { digestsAt, foldDigests } from '../../../sync-server/digests/fold.ts'
import * as build from '../../support/academy.ts'
import { digestedLog, facilityId, type Tables } from '../../support/digested-log.ts'

const { server, device, remember, head, handle, tablesAt, compare, addSpace } = digestedLog()

const log = { facilityId, audience: 'desk' } as const

const equal = { state: 'compared', different: [], unknown: [] }

describe('the digests of a log', () => {
  test('are those of a replica at the same position, first counted and then counted on', async () => {
    const first = await compare(head())
    await addSpace()
    await server().sql("update spaces set capacity = 9, name = 'Bahn “Süd” 🏊'")
    await server().sql("delete from role_assignments where id = '00000000-0000-4000-8000-00000000ffff'")
    await remember()

    expect(first).toMatchObject({ status: 200, body: equal })
    expect((await compare(head())).body).toEqual(equal)
  })

  test('are counted back for a device that is a little late', async () => {
    const late = head()
    const id = await addSpace()
    await server().sql(`update spaces set capacity = 3 where id = '${id}'`)
    await server().sql(`delete from spaces where id = '${id}'`)
    await remember()

    expect((await compare(head())).body).toEqual(equal)
    expect((await compare(late)).body).toEqual(equal)
    expect((await compare(late + 1)).body).toEqual(equal)
  })

  test('name each table that differs, by its rows or by their number alone', async () => {
    const tables = tablesAt(head())
    const changed = {
      ...tables,
      spaces: { ...tables['spaces'], digest: 'f'.repeat(32) },
      students: { ...tables['students'], rows: 1 },
      receipts: { ...tables['receipts'], ...emptyDigest, rows: 0 },
    } as Tables

    const { body } = await compare(head(), changed)

    expect(body).toMatchObject({ different: [{ table: 'spaces' }, { table: 'students' }] })
  })

  test('say nothing of a table in another form, or that is not known here', async () => {
    const tables = tablesAt(head())
    const strange = { form: '0'.repeat(16), rows: 1, digest: 'e'.repeat(32) }

    const { body } = await compare(head(), { ...tables, spaces: strange, of_tomorrow: strange })

    expect(body).toEqual({ state: 'compared', different: [], unknown: ['spaces', 'of_tomorrow'] })
  })

  test('are the same for servers that count at the same time, and for devices that ask at the same time', async () => {
    await addSpace()
    await server().sql('delete from facility_digests')
    const parts = { db: server().postgres.db, log, check: () => undefined }

    const counted = await Promise.all([1, 2, 3].map(async () => [...(await digestsAt(parts, head()))]))
    await server().sql('delete from facility_digests')
    const answers = await Promise.all([1, 2, 3].map(() => compare(head())))

    expect(counted[1]).toEqual(counted[0])
    expect(counted[2]).toEqual(counted[0])
    expect(answers.map(({ body }) => body)).toEqual([equal, equal, equal])
  })
})

describe('compaction', () => {
  const age = () => server().sql("update sync_log set at = at - interval '61 days'")
  const compact = (isFolded: boolean) =>
    compactLog({
      db: server().postgres.db,
      restMs: 0,
      ...(isFolded && { fold: (of, position) => foldDigests(server().postgres.db, of, position) }),
    })

  test.each([
    ['folds the digests before', true],
    ['forgets to', false],
  ])('that %s changes no result', async (_name, isFolded) => {
    const ids = [await addSpace('1'), await addSpace('2'), await addSpace('3')]
    await compare(head())
    await server().sql(`update spaces set capacity = 5 where id = '${ids[0]}'`)
    await server().sql(`delete from spaces where id = '${ids[1]}'`)
    await addSpace('4')
    await age()

    const { superseded } = await compact(isFolded)
    const atHead = await compare(head())
    await server().sql(`update spaces set capacity = 6 where id = '${ids[2]}'`)
    await server().sql(`delete from spaces where id = '${ids[0]}'`)
    await remember()

    expect(superseded).toBeGreaterThan(0)
    expect(atHead.body).toEqual(equal)
    expect((await compare(head())).body).toEqual(equal)
  })

  test('leaves nothing to compare with at the positions that it went beyond', async () => {
    const late = head()
    const id = await addSpace()
    await server().sql(`update spaces set capacity = 5 where id = '${id}'`)
    await remember()
    await age()

    await compact(true)

    expect(await compare(late)).toMatchObject({ status: 409, body: { code: 'position_gone' } })
    expect((await compare(head())).body).toEqual(equal)
  })
})

describe('a comparison is refused', () => {
  test('at a position where this log has never been', async () => {
    expect(await compare(head() + 1, tablesAt(head()))).toMatchObject({ status: 409, body: { code: 'position_gone' } })
  })

  test('with the handle of another history, facility or audience (S5)', async () => {
    const [facility, audience, epoch, nonce] = (await handle()).split('.')
    const strange = [
      [facility, audience, build.newId(), nonce],
      [build.newId(), audience, epoch, nonce],
      [facility, 'office', epoch, nonce],
      ['x'],
    ].map((parts) => ({ handle: parts.join('.') }))

    const answers = await Promise.all(strange.map((over) => compare(head(), tablesAt(head()), over)))

    expect(answers.map(({ status }) => status)).toEqual([409, 409, 409, 409])
  })

  test('for the office, of a device that was enrolled for the desk', async () => {
    expect(await compare(head(), {}, { audience: 'office' })).toMatchObject({ status: 403 })
  })

  test('without a token', async () => {
    const answer = await fetch(`${server().url()}/v1/digests`, { method: 'POST', body: '{}' })

    expect(answer.status).toBe(401)
  })
})

describe('rows for a replica that holds wrong ones', () => {
  const ask = async (of: object, table = 'spaces') =>
    device().post<{ rows: { row_id: string; row: Record<string, unknown> | null }[]; next: string | null }>(
      '/v1/rows',
      {
        handle: await handle(),
        table,
        of,
      },
    )

  test('come page by page, all of the table and nothing else, as they are now', async () => {
    await server().sql(
      `insert into spaces select gen_random_uuid(), facility_id, 'Lane ' || n, kind, capacity
       from (select * from spaces where facility_id = '${facilityId}' limit 1) as one, generate_series(1, 1200) as n`,
    )
    const rows = new Map<string, unknown>()
    for (let after: string | null | undefined = null; after !== undefined;) {
      const { body }: Awaited<ReturnType<typeof ask>> = await ask({ after })
      for (const { row_id, row } of body.rows) if (row) rows.set(row_id, row)
      after = body.next ?? undefined
    }

    const there = await server().sql<{ id: string; row: unknown }>(
      'select id, to_jsonb(s) as row from spaces s where facility_id = $1',
      [facilityId],
    )
    expect(rows).toEqual(new Map(there.map(({ id, row }) => [id, row])))
  })

  test('come by their ids as they were at a position, and null for what was not there', async () => {
    const before = head()
    const id = await addSpace('then')
    const at = head()
    await server().sql(`update spaces set name = 'now' where id = '${id}'`)

    const [then, earlier] = [await ask({ position: at, ids: [id] }), await ask({ position: before, ids: [id] })]

    expect(then.body.rows).toMatchObject([{ row_id: id, row: { name: 'then' } }])
    expect(earlier.body).toEqual({ rows: [{ row_id: id, row: null }], next: null })
  })

  test('are never those of another facility (I7)', async () => {
    const elsewhere = build.facility({ id: build.newId(), name: 'Geelong', code: 'GEE' })
    await server().insert('facilities', elsewhere)
    const space = build.space({ facility_id: elsewhere.id })
    await server().insert('spaces', space)

    const { body } = await ask({ position: head(), ids: [space.id] })

    expect(body.rows).toEqual([{ row_id: space.id, row: null }])
  })

  test('of another history, or at a position that is gone, are refused', async () => {
    const wrong = await device().post('/v1/rows', { handle: 'x', table: 'spaces', of: { after: null } })
    const never = await ask({ position: head() + 1_000_000, ids: [build.newId()] })

    expect([wrong.status, never.status]).toEqual([409, 409])
  })
})

test('a facility only sees and writes its own digests', async () => {
  await foldDigests(server().postgres.db, log, head())
  const rows = await server().sql<{ facility_id: string }>('select distinct facility_id from facility_digests')

  expect(rows).toEqual([{ facility_id: facilityId }])
})
