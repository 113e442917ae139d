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
