import { expect, test } from 'vitest'
import type { LogEntry } from '../../../src-shared/replica/log-entry.ts'
import { Outage } from '../../../src-main/data/sync/server.ts'
import { logBodies } from '../../../src-main/data/sync/log-bodies.ts'

const entry = (operation: string, value: object) => ({ key: 'k', value, headers: { operation } })
const upToDate = { headers: { control: 'up-to-date', global_last_seen_lsn: '9' } }

test('what compaction takes out of the log is no entry, though Electric tells of it', async () => {
  const row = { position: '7', table_name: 'families', row_id: 'f', row: '{"id":"f"}' }
  const body = JSON.stringify([
    entry('insert', row),
    entry('delete', { facility_id: 'a', audience: 'desk', position: '3' }),
    upToDate,
  ])
  const bodies = logBodies(
    async () => new Response(body),
    () => 0,
  )

  const response = await bodies.fetch('http://server/v1/shape')
  const [parcel, ...rest] = (await response.json()) as [{ value: Record<string, unknown> }, ...unknown[]]

  expect([...bodies.take(parcel.value)]).toEqual([
    [{ position: 7, table_name: 'families', row_id: 'f', row: { id: 'f' } }],
  ])
  expect(rest).toEqual([upToDate])
})

test('a long answer is read in pieces, each when it is asked for, so that local writes need not wait for all of it', async () => {
  const rowOf = (index: number) => (index < 500 ? `{"id":"f${index}"}` : 'not JSON')
  const valueOf = (_: unknown, index: number) => ({
    position: String(index + 1),
    table_name: 'families',
    row_id: `f${index}`,
    row: rowOf(index),
  })
  const body = Array.from({ length: 600 }, valueOf).map((value) => entry('insert', value))
  const bodies = logBodies(
    async () => Response.json([...body, upToDate]),
    () => 0,
  )

  const [parcel] = (await (await bodies.fetch('http://server/v1/shape')).json()) as [{ value: Record<string, unknown> }]
  const pieces: (readonly LogEntry[])[] = []
  const readAll = (): void => {
    for (const piece of bodies.take(parcel.value)) pieces.push(piece)
  }

  expect(readAll).toThrow(SyntaxError)
  expect(pieces.map(({ length }) => length)).toEqual([250, 250])
  expect(pieces[1]?.at(-1)).toEqual({ position: 500, table_name: 'families', row_id: 'f499', row: { id: 'f499' } })
})

test('no answer puts the log to sleep for long (F6)', async () => {
  const pauseAfter = async (headers: Record<string, string>) => {
    const { fetch } = logBodies(
      async () => new Response('later', { status: 503, headers }),
      () => 0,
    )
    const answer = await fetch('http://server/v1/shape')
    expect(await answer.text()).toBe('later')
    return answer.headers.get('retry-after')
  }

  expect(await pauseAfter({ 'retry-after': '7' })).toBe('7')
  expect(await pauseAfter({ 'retry-after': '86400' })).toBe('60')
  expect(await pauseAfter({ 'retry-after': 'Fri, 31 Dec 2099 23:59:59 GMT' })).toBe('0')
  expect(await pauseAfter({})).toBeNull()
})

test('who was told to come back at the same moment does not (N11)', async () => {
  const pauseOf = async (seconds: string, random: number) => {
    const later = async () => new Response('later', { status: 429, headers: { 'retry-after': seconds } })
    return (await logBodies(later, () => random).fetch('http://server/v1/shape')).headers.get('retry-after')
  }

  expect(await pauseOf('1', 0.5)).toBe('1.5')
  expect(await pauseOf('30', 0.25)).toBe('31')
})

test('"later" said of the token is waited for like that of the log (N11)', async () => {
  const fetchOf = (error: Error) => {
    const failing = async (): Promise<Response> => {
      throw error
    }
    return logBodies(failing, () => 0).fetch('http://server/v1/shape')
  }

  const answer = await fetchOf(new Outage(new Error('HTTP 503'), undefined, 7000))

  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '7'])
  await expect(fetchOf(new Outage(new Error('cut')))).rejects.toThrow('The server was not reached')
})
