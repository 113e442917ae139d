import { afterAll, beforeAll, beforeEach } from 'vitest'
import type { DigestsResponse } from '../../src-shared/contract/health.ts'
import { digestSum, tableForm } from '../../src-shared/replica/digest.ts'
import { wireDecoder } from '../../src-shared/schema/derive.ts'
import type { Table } from '../../src-shared/schema/table.ts'
import { syncedTables } from '../../src-shared/schema/tables.ts'
import { textHash } from '../../sync-server/digests/hash.ts'
import * as build from './academy.ts'
import { type Entry, replay } from './facility-log.ts'
import { startSyncServer, type TestDevice, type TestServer } from './sync-server.ts'

export const facilityId = build.academy.facility_id

export interface Tables {
  readonly [table: string]: { readonly form: string; readonly rows: number; readonly digest: string }
}

/** A server for all tests of a file, with a device that compares, and the log of its facility as it ever was. */
export const digestedLog = () => {
  let server: TestServer
  let device: TestDevice
  /** Everything that was ever in the log, also what compaction took out. */
  const history = new Map<number, Entry>()

  beforeAll(async () => {
    server = await startSyncServer()
    device = await server.enroll()
  })
  afterAll(() => server.close())
  beforeEach(() => remember())

  const remember = async (): Promise<void> => {
    const entries = await server.sql<Entry & { position: string }>(
      `select position::int, table_name, row_id, row from sync_log where facility_id = '${facilityId}'`,
    )
    for (const entry of entries) history.set(Number(entry.position), entry)
  }

  const head = () => Math.max(...history.keys())

  const handle = async (): Promise<string> =>
    (await device.request('/v1/shape?offset=-1')).headers.get('electric-handle') ?? ''

  /** What a replica holds that has applied everything up to a position. */
  const tablesAt = (position: number): Tables => {
    const entries = [...history.values()].filter((entry) => entry.position <= position)
    const images = replay(entries.toSorted((one, other) => one.position - other.position))
    return Object.fromEntries(
      Object.values<Table>(syncedTables).map((table) => {
        const sum = digestSum(table, textHash)
        for (const image of Object.values(images[table.name] ?? {})) sum.add(wireDecoder(table)(image))
        return [table.name, { form: tableForm(table, textHash), ...sum.read() }]
      }),
    )
  }

  const compare = async (position: number, tables: Tables = tablesAt(position), over: object = {}) =>
    device.post<DigestsResponse>('/v1/digests', { handle: await handle(), position, reason: 'rest', tables, ...over })

  const addSpace = async (name = 'Lane'): Promise<string> => {
    const space = build.space({ facility_id: facilityId, name })
    await server.insert('spaces', space)
    await remember()
    return space.id
  }

  return { server: () => server, device: () => device, remember, head, handle, tablesAt, compare, addSpace }
}
