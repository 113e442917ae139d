import { expect, test } from 'vitest'
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
  const bodies = logBodies(async () => new Response(body))

  const response = await bodies.fetch('http://server/v1/shape')
  const [parcel, ...rest] = (await response.json()) as [{ value: Record<string, unknown> }, ...unknown[]]

  expect(bodies.take(parcel.value)).toEqual([{ position: 7, table_name: 'families', row_id: 'f', row: { id: 'f' } }])
  expect(rest).toEqual([upToDate])
})

test('no answer puts the log to sleep for long (F6)', async () => {
  const pauseAfter = async (headers: Record<string, string>) => {
    const { fetch } = logBodies(async () => new Response('later', { status: 503, headers }))
    const answer = await fetch('http://server/v1/shape')
    expect(await answer.text()).toBe('later')
    return answer.headers.get('retry-after')
  }

  expect(await pauseAfter({ 'retry-after': '7' })).toBe('7')
  expect(await pauseAfter({ 'retry-after': '86400' })).toBe('60')
  expect(await pauseAfter({ 'retry-after': 'Fri, 31 Dec 2099 23:59:59 GMT' })).toBe('0')
  expect(await pauseAfter({})).toBeNull()
})
