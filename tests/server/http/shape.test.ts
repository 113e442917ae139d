import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { academy, facility, family, newId } from '../../support/academy.ts'
import { type Answered, pause, startSyncServer, type TestDevice, type TestServer } from '../../support/sync-server.ts'

interface Message {
  readonly key?: string
  readonly value?: {
    readonly position: string
    readonly table_name: string
    readonly row_id: string
    readonly row: string | null
  }
  readonly headers: Readonly<Record<string, unknown>>
}
type ShapeAnswer = Answered<readonly Message[]>

let server: TestServer
let device: TestDevice

beforeAll(async () => {
  server = await startSyncServer({ pollSeconds: 1 })
  device = await server.enroll()
})
afterAll(async () => server.close())

const ask = async (query: Record<string, string>, from = device): Promise<ShapeAnswer> =>
  from.request(`/v1/shape?${new URLSearchParams(query).toString()}`)

/** The next question of a client that got this answer. */
const after = ({ headers }: ShapeAnswer): { offset: string; handle: string } => ({
  offset: headers.get('electric-offset') ?? '',
  handle: headers.get('electric-handle') ?? '',
})

/** Asks from the start until the server says up-to-date. */
const load = async (from = device): Promise<readonly ShapeAnswer[]> => {
  const answers = [await ask({ offset: '-1' }, from)]
  for (;;) {
    const last = answers.at(-1)
    if (!last || last.headers.has('electric-up-to-date')) return answers
    answers.push(await ask(after(last), from))
  }
}

const lastOf = async (from = device): Promise<ShapeAnswer> => {
  const last = (await load(from)).at(-1)
  if (!last) throw new Error('nothing was answered')
  return last
}

const addFamily = async (name: string): Promise<string> => {
  const row = family({ name })
  await server.insert('families', row)
  await server.insert('family_facilities', { id: newId(), family_id: row.id, facility_id: academy.facility_id })
  return row.id
}

const headOf = async (): Promise<number> => {
  const [row] = await server.sql<{ position: number }>(
    `select position::int from facility_heads where facility_id = $1 and audience = 'desk'`,
    [academy.facility_id],
  )
  return row?.position ?? 0
}

const changesOf = ({ body }: ShapeAnswer): readonly Message[] => body.filter(({ value }) => value)

describe('a load from the start', () => {
  test('brings the newest image of each live row, in the order of positions, and is never up to date at once', async () => {
    const id = await addFamily('Old name')
    await server.sql(`update families set name = 'New name' where id = $1`, [id])
    const gone = await addFamily('Gone')
    await server.sql('delete from family_facilities where family_id = $1', [gone])
    await server.sql('delete from families where id = $1', [gone])

    const answers = await load()

    const entries = answers.flatMap(changesOf).map(({ value }) => value)
    const positions = entries.map((value) => Number(value?.position))
    expect(answers[0]?.headers.has('electric-up-to-date')).toBe(false)
    expect(answers.at(-1)?.headers.has('electric-up-to-date')).toBe(true)
    expect(positions).toEqual(positions.toSorted((a, b) => a - b))
    const images = entries.filter((value) => value?.row_id === id).map((value) => value?.row)
    expect(images).toEqual([expect.stringContaining('"New name"')])
    expect(entries.some((value) => value?.row_id === gone)).toBe(false)
    expect(entries.every((value) => value?.row !== null)).toBe(true)
  })

  test('equals the tables', async () => {
    const rows = (await load()).flatMap(changesOf).map(({ value }) => value)

    for (const table of ['families', 'students', 'devices', 'bookings', 'invoice_lines']) {
      const images = await server.sql<{ row: unknown }>(`select to_jsonb(t) as row from ${table} t order by id::text`)
      const received = rows
        .filter((value) => value?.table_name === table)
        .toSorted((a, b) => ((a?.row_id ?? '') < (b?.row_id ?? '') ? -1 : 1))
        .map((value) => JSON.parse(value?.row ?? 'null') as unknown)
      expect(received).toEqual(images.map(({ row }) => row))
    }
  })

  test('says everything that the client needs in its headers', async () => {
    const [first, last] = [await ask({ offset: '-1' }), await lastOf()]

    expect(first.status).toBe(200)
    expect(first.headers.get('content-type')).toContain('application/json')
    expect(first.headers.get('cache-control')).toBe('private, no-store')
    expect(first.headers.get('electric-offset')).toMatch(/^\d+_\d+$/)
    expect(first.headers.get('electric-handle')).toMatch(new RegExp(`^${academy.facility_id}\\.desk\\.`))
    expect(JSON.parse(first.headers.get('electric-schema') ?? '')).toMatchObject({ position: { type: 'int8' } })
    expect(first.headers.has('electric-cursor')).toBe(false)
    expect(last.headers.get('electric-up-to-date')).toBe('')
    expect(last.body.at(-1)?.headers).toMatchObject({
      control: 'up-to-date',
      global_last_seen_lsn: String(await headOf()),
    })
  })

  test('writes each message as an insert under the key of its log entry, every value as text', async () => {
    const [message] = changesOf(await ask({ offset: '-1' }))

    const position = message?.value?.position ?? ''
    expect(message?.key).toBe(position)
    expect(message?.headers).toEqual({ operation: 'insert' })
    expect(Object.values(message?.value ?? {}).every((value) => typeof value === 'string')).toBe(true)
  })

  test('keeps quotes, backslashes and all of Unicode', async () => {
    const name = `O'Brien "Bo" \\ \u0001\n\u2028 🏊 ñ`
    const id = await addFamily(name)

    const answers = await load()

    const row = answers.flatMap(changesOf).find(({ value }) => value?.row_id === id)?.value?.row
    expect(JSON.parse(row ?? '{}')).toMatchObject({ name })
  })

  test('tells a time at which everything that was over is included', async () => {
    const before = Date.now()

    const last = await lastOf()

    const told = Date.parse(String(last.body.at(-1)?.headers['server_time']))
    // Same machine, same clock; PostgreSQL cuts to milliseconds.
    expect(told).toBeGreaterThanOrEqual(before - 1)
    expect(told).toBeLessThanOrEqual(Date.now())
  })
})

describe('the scope', () => {
  test('comes from the token alone: table, where, columns and facility of the question are not heard', async () => {
    const plain = await ask({ offset: '-1' })

    const asked = await ask({
      offset: '-1',
      table: 'staff_credentials',
      where: "facility_id is not null or 1=1; drop table families; --'",
      columns: 'password_hash',
      facility_id: newId(),
      'params[1]': newId(),
    })

    expect(asked.body).toEqual(plain.body)
  })

  test('of another facility is another log: no row, no handle and no offset of it is of use (H5)', async () => {
    const second = facility({ id: newId(), code: 'SEC', name: 'Second' })
    await server.insert('facilities', second)
    const other = await server.enroll({ facilityId: second.id })
    const canary = await addFamily('CANARY-1')
    const mine = await lastOf()

    const theirs = (await load(other)).flatMap(changesOf)
    const stolen = await ask(after(mine), other)

    expect(JSON.stringify(theirs)).not.toContain('CANARY-1')
    expect(theirs.some(({ value }) => value?.row_id === canary)).toBe(false)
    expect(stolen.status).toBe(409)
    expect(stolen.headers.get('electric-handle')).toMatch(new RegExp(`^${second.id}\\.desk\\.`))
  })

  test('of the office is for office devices', async () => {
    const office = await server.enroll({ audience: 'office' })

    const fromDesk = await ask({ offset: '-1', audience: 'office' })
    const fromOffice = await ask({ offset: '-1', audience: 'office' }, office)
    const fromOfficeToDesk = await ask({ offset: '-1' }, office)

    expect(fromDesk).toMatchObject({ status: 403, body: { code: 'forbidden' } })
    expect(fromOffice.status).toBe(200)
    expect(changesOf(fromOfficeToDesk).length).toBeGreaterThan(10)
  })
})

describe('catching up', () => {
  test('from where it was brings what was changed, added and removed since, newest images only', async () => {
    const [kept, removed] = [await addFamily('Kept'), await addFamily('Removed')]
    const seen = await lastOf()
    for (const name of ['One', 'Two', 'Three'])
      await server.sql('update families set name = $1 where id = $2', [name, kept])
    await server.sql('delete from family_facilities where family_id = $1', [removed])

    const answer = await ask(after(seen))

    const images = changesOf(answer).map(({ value }) => [value?.table_name, value?.row_id, value?.row])
    expect(images.filter(([, id]) => id === kept)).toEqual([['families', kept, expect.stringContaining('Three')]])
    expect(images.filter(([, id]) => id === removed)).toEqual([['families', removed, null]])
    expect(answer.headers.get('electric-offset')).toBe(`${await headOf()}_0`)
    expect(answer.headers.has('electric-up-to-date')).toBe(true)
  })

  test('with nothing new is up to date at once and says so without data', async () => {
    const seen = await lastOf()

    const answer = await ask(after(seen))

    expect(answer.body).toHaveLength(1)
    expect(answer.headers.get('electric-has-data')).toBe('false')
  })

  test('a row that is removed while a load is going on is removed in the end', async () => {
    const id = await addFamily('Short-lived')
    const first = await ask({ offset: '-1' })
    await server.sql('delete from family_facilities where family_id = $1', [id])

    const rest = await ask(after(first))

    expect(changesOf(first).some(({ value }) => value?.row_id === id)).toBe(true)
    expect(changesOf(rest).find(({ value }) => value?.row_id === id)?.value?.row).toBeNull()
  })
})

describe('409 must-refetch (N7)', () => {
  const refetch = async (query: { offset: string; handle: string }) => {
    const answer = await ask(query)
    return { status: answer.status, body: answer.body, handle: answer.headers.get('electric-handle') }
  }

  test.each([
    ['a handle nobody made', async () => ({ offset: '0_0', handle: 'nonsense' })],
    [
      'a handle of another history of the server',
      async () => ({ offset: '0_0', handle: `${academy.facility_id}.desk.${newId()}.abcdefabcdef` }),
    ],
    ['a position beyond the head', async () => ({ ...after(await lastOf()), offset: `${(await headOf()) + 1}_0` })],
    [
      'a position that would be beyond the head for ages',
      async () => ({ ...after(await lastOf()), offset: '999999999999999_0' }),
    ],
  ])('answers %s, with a new handle that works', async (_name, make) => {
    const query = await make()

    const { status, body, handle } = await refetch(query)
    const again = await ask({ offset: '-1', handle: handle ?? '', expired_handle: query.handle })

    expect(status).toBe(409)
    expect(body).toEqual([{ headers: { control: 'must-refetch' } }])
    expect(handle).not.toBe(query.handle)
    expect(again.status).toBe(200)
    expect(again.headers.get('electric-handle')).toBe(handle)
  })

  test('answers who was away longer than removals are kept, but not who is loading or was there (S12)', async () => {
    const early = await ask({ offset: '-1' })
    const seen = await lastOf()
    await addFamily('Later')
    const loading = await ask({ offset: '-1' })
    const pruned = await headOf()
    await server.sql(`update facility_heads set pruned_to = $1 where facility_id = $2 and audience = 'desk'`, [
      pruned,
      academy.facility_id,
    ])

    const tooOld = await ask(after(seen))
    const tooOldLoad = await ask(after(early))
    const stillLoading = await ask({ ...after(loading), offset: `1_${pruned}` })
    const current = await ask({ ...after(seen), offset: `${pruned}_0` })
    await server.sql('update facility_heads set pruned_to = 0')

    expect([tooOld.status, tooOldLoad.status, stillLoading.status, current.status]).toEqual([409, 409, 200, 200])
  })

  test('never answers with the handle that the client saw expire (N8)', async () => {
    const { handle } = after(await lastOf())

    const answer = await ask({ offset: '-1', handle, expired_handle: handle })

    expect(answer.headers.get('electric-handle')).not.toBe(handle)
  })

  test('a new epoch (a restored backup) sends everybody to the start (S4, S5)', async () => {
    const seen = after(await lastOf())
    await server.sql(`select sync.renew_epoch(epoch, 'restored') from server_epoch`)

    const [catchUp, live] = [await ask(seen), await ask({ ...seen, live: 'true' })]

    expect([catchUp.status, live.status]).toEqual([409, 409])
  })
})

describe('a live request', () => {
  test('is held until something is committed, and then answered', async () => {
    const seen = after(await lastOf())

    const held = ask({ ...seen, live: 'true' })
    await pause(100)
    const id = await addFamily('Live')
    const answer = await held

    expect(changesOf(answer).map(({ value }) => value?.row_id)).toContain(id)
    expect(answer.headers.get('electric-cursor')).toMatch(/^\d+$/)
    expect(answer.headers.has('electric-schema')).toBe(false)
    expect(answer.headers.has('electric-up-to-date')).toBe(true)
  })

  test('that is behind is answered at once', async () => {
    const seen = after(await lastOf())
    const id = await addFamily('Behind')

    const answer = await ask({ ...seen, live: '' })

    expect(changesOf(answer).some(({ value }) => value?.row_id === id)).toBe(true)
  })

  test('ends with up-to-date when nothing happens', async () => {
    const seen = await lastOf()

    const answer = await ask({ ...after(seen), live: 'true' })

    expect(answer.body).toMatchObject([{ headers: { control: 'up-to-date' } }])
    expect(answer.headers.get('electric-offset')).toBe(seen.headers.get('electric-offset'))
  })

  test('gets a cursor that grows, whatever cursor it brought', async () => {
    const seen = after(await lastOf())

    const first = (await ask({ ...seen, live: 'true', cursor: 'junk' })).headers.get('electric-cursor')
    const second = (await ask({ ...seen, live: 'true', cursor: '900000000000' })).headers.get('electric-cursor')

    expect(Number(first)).toBeGreaterThan(0)
    expect(Number(second)).toBeGreaterThan(900_000_000_000)
  })

  test('is not woken by another facility, and 200 of them are woken together', async () => {
    const devices = await Promise.all(Array.from({ length: 25 }, async () => server.enroll()))
    const seen = after(await lastOf())
    const held = Array.from({ length: 200 }, async (_, n) => ask({ ...seen, live: 'true' }, devices[n % 25]))
    await pause(300)
    const id = await addFamily('For all')

    const answers = await Promise.all(held)

    expect(answers.every((answer) => changesOf(answer).some(({ value }) => value?.row_id === id))).toBe(true)
  })

  test('of a device that is revoked meanwhile gets nothing of what woke it', async () => {
    const other = await server.enroll()
    const seen = after(await lastOf(other))
    const held = ask({ ...seen, live: 'true' }, other)
    await pause(100)

    // Its own row is in the log too, so this wakes it.
    await server.sql('update devices set revoked_at = now() where id = $1', [other.enrolled.device_id])

    expect(await held).toMatchObject({ status: 403, body: { code: 'device_revoked' } })
  })

  test('is answered when the listening connection breaks and comes back', async () => {
    const seen = after(await lastOf())
    await server.sql(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'foyer-listen' and datname = current_database()`,
    )
    const id = await addFamily('While nobody listened')

    const answer = await ask({ ...seen, live: 'true' })
    await pause(1000)
    const held = ask({ ...after(answer), live: 'true' })
    await pause(50)
    const next = await addFamily('Listening again')

    expect(changesOf(answer).some(({ value }) => value?.row_id === id)).toBe(true)
    expect(changesOf(await held).some(({ value }) => value?.row_id === next)).toBe(true)
  })
})

describe('a question of the wrong form', () => {
  test.each([
    [{}],
    [{ offset: '' }],
    [{ offset: 'now' }],
    [{ offset: '-2' }],
    [{ offset: '1' }],
    [{ offset: '1_' }],
    [{ offset: '1_0; drop table' }],
    [{ offset: '9'.repeat(40) + '_0' }],
    [{ offset: '0_0' }],
    [{ offset: '-1', live: 'true' }],
    [{ offset: '0_0', handle: 'x'.repeat(300) }],
    [{ offset: '-1', audience: 'everybody' }],
  ])('%o is a 400 with a JSON body', async (query) => {
    const answer = await ask(query)

    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input' } })
  })

  test('the same parameter twice is a 400', async () => {
    const answer = await device.request('/v1/shape?offset=-1&offset=0_0')

    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input' } })
  })

  test('HEAD answers the headers without a body', async () => {
    const answer = await device.request('/v1/shape?offset=-1', { method: 'HEAD' })

    expect(answer.status).toBe(200)
    expect(answer.headers.get('electric-handle')).toMatch(/\.desk\./)
    expect(answer.body).toBeUndefined()
  })
})
