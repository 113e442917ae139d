import { isChangeMessage, type Message, type Offset, type Row, ShapeStream } from '@electric-sql/client'
import { afterEach, expect, test } from 'vitest'
import { academy, family, newId } from '../../support/academy.ts'
import { startSyncServer, type TestDevice, type TestServer } from '../../support/sync-server.ts'
import { until } from '../../support/until.ts'

type LogRow = Row & {
  readonly position: number
  readonly table_name: string
  readonly row_id: string
  readonly row: unknown
}

/** A replica as simple as can be: what a client knows that believes every message. */
interface Follower {
  readonly rows: Map<string, unknown>
  readonly controls: readonly string[]
  readonly positions: readonly number[]
  readonly batches: readonly number[]
  readonly errors: readonly unknown[]
  readonly at: () => { readonly offset: Offset; readonly handle: string | undefined }
  readonly stop: () => void
}

const running: (() => unknown)[] = []
afterEach(async () => {
  for (const stop of running.splice(0).toReversed()) await stop()
})

const open = async (over: Parameters<typeof startSyncServer>[0] = {}): Promise<TestServer> => {
  const server = await startSyncServer({ pollSeconds: 1, ...over })
  running.push(server.close)
  return server
}

interface FollowOptions {
  readonly from?: ReturnType<Follower['at']>
  readonly rows?: Map<string, unknown>
  /** Told after every batch that ends with up-to-date. */
  readonly onUpToDate?: (rows: ReadonlyMap<string, unknown>) => void
}

const follow = (
  server: TestServer,
  device: TestDevice,
  { from, rows = new Map<string, unknown>(), onUpToDate }: FollowOptions = {},
): Follower => {
  const abort = new AbortController()
  const [controls, positions, batches, errors]: [string[], number[], number[], unknown[]] = [[], [], [], []]
  const stream = new ShapeStream<LogRow>({
    url: `${server.url()}/v1/shape`,
    params: { table: 'sync_log' },
    headers: { authorization: async () => `Bearer ${await device.token()}` },
    parser: { int8: Number },
    backoffOptions: { initialDelay: 20, maxDelay: 200, multiplier: 2 },
    signal: abort.signal,
    warnOnHttp: false,
    onError: (error) => void errors.push(error),
    ...from,
  })
  const apply = (message: Message<LogRow>): void => {
    if (!isChangeMessage(message)) {
      const { control } = message.headers
      if (control === 'must-refetch') rows.clear()
      if (typeof control === 'string') controls.push(control)
      if (control === 'up-to-date') onUpToDate?.(rows)
      return
    }
    const { position, table_name, row_id, row } = message.value
    positions.push(position)
    if (row === null) rows.delete(`${table_name}/${row_id}`)
    else rows.set(`${table_name}/${row_id}`, row)
  }
  stream.subscribe((messages) => {
    batches.push(messages.length)
    for (const message of messages) apply(message)
  })
  const stop = (): void => abort.abort()
  running.push(stop)
  return {
    rows,
    controls,
    positions,
    batches,
    errors,
    at: () => ({ offset: stream.lastOffset, handle: stream.shapeHandle }),
    stop,
  }
}

/** What the log says the rows are now, as the follower should know them. */
const expectSameAs = async (server: TestServer, { rows, errors }: Follower): Promise<void> => {
  const truth = await server.sql<{ key: string; row: unknown }>(
    `select distinct on (table_name, row_id) table_name || '/' || row_id as key, row from sync_log
     where facility_id = $1 and audience = 'desk' order by table_name, row_id, position desc`,
    [academy.facility_id],
  )
  const live = truth.filter(({ row }) => row !== null)
  expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(live.map(({ key, row }) => [key, row])))
  expect(errors).toEqual([])
}

const addFamily = async (server: TestServer, name: string): Promise<string> => {
  const row = family({ name })
  await server.insert('families', row)
  await server.insert('family_facilities', { id: newId(), family_id: row.id, facility_id: academy.facility_id })
  return row.id
}

const nameOf = (rows: ReadonlyMap<string, unknown>, id = ''): string | undefined => {
  const row = rows.get(`families/${id}`)
  return typeof row === 'object' && row !== null && 'name' in row ? String(row.name) : undefined
}

const isUpToDate = ({ controls }: Follower) => controls.includes('up-to-date')

test('the official client loads everything and then follows live', async () => {
  const server = await open()
  const follower = follow(server, await server.enroll())
  await until(() => isUpToDate(follower))

  const id = await addFamily(server, 'Live')
  await until(() => follower.rows.has(`families/${id}`))
  await server.sql(`update families set name = 'Changed' where id = $1`, [id])
  await until(() => nameOf(follower.rows, id) === 'Changed')
  await server.sql('delete from family_facilities where family_id = $1', [id])
  await until(() => !follower.rows.has(`families/${id}`))

  await expectSameAs(server, follower)
  expect(follower.controls).not.toContain('must-refetch')
})

test('a load in chunks of seven rows brings the same, in order', async () => {
  const server = await open({ chunkLimit: { rows: 7, bytes: 1_000_000 } })
  const device = await server.enroll()

  const follower = follow(server, device)
  await until(() => isUpToDate(follower))

  await expectSameAs(server, follower)
  expect(follower.positions).toEqual(follower.positions.toSorted((a, b) => a - b))
  expect(follower.batches.length).toBeGreaterThan(4)
})

test('a chunk ends at its limit of bytes, and has a row even when that one is larger', async () => {
  const server = await open({ chunkLimit: { rows: 1000, bytes: 1 } })
  const device = await server.enroll()

  const follower = follow(server, device)
  await until(() => isUpToDate(follower))

  await expectSameAs(server, follower)
  expect(follower.batches.length).toBeGreaterThanOrEqual(follower.positions.length)
})

test('rows that change, come and go while a load in chunks is going on are right in the end', async () => {
  const server = await open({ chunkLimit: { rows: 3, bytes: 1_000_000 } })
  const ids = [await addFamily(server, 'A'), await addFamily(server, 'B')]
  const follower = follow(server, await server.enroll())

  for (let round = 0; round < 15; round++) {
    await server.sql('update families set name = $1 where id = $2', [`Round ${round}`, ids[round % 2]])
    ids.push(await addFamily(server, `New ${round}`))
    if (round % 3 === 0) await server.sql('delete from family_facilities where family_id = $1', [ids.at(-2)])
  }
  const last = await addFamily(server, 'Last')
  await until(() => follower.rows.has(`families/${last}`) && isUpToDate(follower))

  await expectSameAs(server, follower)
})

test('goes on from its offset and handle with what it has, without loading again', async () => {
  const server = await open()
  const device = await server.enroll()
  const first = follow(server, device)
  await until(() => isUpToDate(first))
  const where = first.at()
  first.stop()
  const id = await addFamily(server, 'While it was away')

  const second = follow(server, device, { from: where, rows: new Map(first.rows) })
  await until(() => second.rows.has(`families/${id}`))

  await expectSameAs(server, second)
  expect(second.positions.length).toBeLessThan(first.positions.length)
  expect(second.controls).not.toContain('must-refetch')
})

test('goes on after the server was started again, and takes up what happened meanwhile', async () => {
  const server = await open()
  const follower = follow(server, await server.enroll())
  await until(() => isUpToDate(follower))

  await server.restart()
  const id = await addFamily(server, 'After the restart')
  await until(() => follower.rows.has(`families/${id}`))

  await expectSameAs(server, follower)
  expect(follower.controls).not.toContain('must-refetch')
})

test('starts afresh by itself when the history of the server changes in the middle', async () => {
  const server = await open({ chunkLimit: { rows: 7, bytes: 1_000_000 } })
  const follower = follow(server, await server.enroll())
  await until(() => isUpToDate(follower))

  await server.sql(`select sync.renew_epoch(epoch, 'restored') from server_epoch`)
  const id = await addFamily(server, 'In the new history')
  await until(() => follower.controls.includes('must-refetch') && follower.rows.has(`families/${id}`))
  await until(() => follower.controls.lastIndexOf('up-to-date') > follower.controls.lastIndexOf('must-refetch'))

  await expectSameAs(server, follower)
})

test('begins again when it comes back from a backup in which the server was not yet so far', async () => {
  const server = await open()
  const device = await server.enroll()
  const first = follow(server, device)
  await until(() => isUpToDate(first))
  const { handle } = first.at()
  first.stop()

  const second = follow(server, device, { from: { offset: '999999_0', handle } })
  await until(() => isUpToDate(second))

  expect(second.controls[0]).toBe('must-refetch')
  await expectSameAs(server, second)
})

test('is never told up to date in the middle of a transaction, even when each answer has one row', async () => {
  const server = await open({ chunkLimit: { rows: 1, bytes: 1_000_000 } })
  const ids = [await addFamily(server, '0'), await addFamily(server, '0')]
  const seen: (string | undefined)[][] = []
  const onUpToDate = (rows: ReadonlyMap<string, unknown>): void => void seen.push(ids.map((id) => nameOf(rows, id)))
  const follower = follow(server, await server.enroll(), { onUpToDate })
  await until(() => isUpToDate(follower))

  for (let round = 1; round <= 30; round++) {
    await server.sql('update families set name = $1 where id = any ($2)', [String(round), ids])
    // Now and then it catches up; in between it is behind.
    if (round % 5 === 0) await until(() => seen.at(-1)?.every((name) => name === String(round)) === true)
  }

  expect(seen.length).toBeGreaterThan(2)
  for (const [one, other] of seen) expect(one).toBe(other)
  await expectSameAs(server, follower)
})
