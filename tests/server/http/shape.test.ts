import { describe, expect, test } from 'vitest'
import { academy, facility, newId } from '../../support/academy.ts'
import { after, changesOf, shapeQuestions } from '../../support/shape-questions.ts'

const { server, device, ask, load, lastOf, addFamily, headOf } = shapeQuestions()

describe('a load from the start', () => {
  test('brings the newest image of each live row, in the order of positions, and is never up to date at once', async () => {
    const id = await addFamily('Old name')
    await server().sql(`update families set name = 'New name' where id = $1`, [id])
    const gone = await addFamily('Gone')
    await server().sql('delete from family_facilities where family_id = $1', [gone])
    await server().sql('delete from families where id = $1', [gone])

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
      const images = await server().sql<{ row: unknown }>(`select to_jsonb(t) as row from ${table} t order by id::text`)
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
    await server().insert('facilities', second)
    const other = await server().enroll({ facilityId: second.id })
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
    const office = await server().enroll({ audience: 'office' })

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
      await server().sql('update families set name = $1 where id = $2', [name, kept])
    await server().sql('delete from family_facilities where family_id = $1', [removed])

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
    await server().sql('delete from family_facilities where family_id = $1', [id])

    const rest = await ask(after(first))

    expect(changesOf(first).some(({ value }) => value?.row_id === id)).toBe(true)
    expect(changesOf(rest).find(({ value }) => value?.row_id === id)?.value?.row).toBeNull()
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
    const answer = await device().request('/v1/shape?offset=-1&offset=0_0')

    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input' } })
  })

  test('HEAD answers the headers without a body', async () => {
    const answer = await device().request('/v1/shape?offset=-1', { method: 'HEAD' })

    expect(answer.status).toBe(200)
    expect(answer.headers.get('electric-handle')).toMatch(/\.desk\./)
    expect(answer.body).toBeUndefined()
  })
})
