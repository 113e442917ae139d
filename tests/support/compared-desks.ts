import { afterAll, afterEach, beforeAll } from 'vitest'
import type { HealthStatus, SyncStatus } from '../../src-shared/contract/ipc.ts'
import { type DeskOptions, enrollDesk, type TestDesk } from './desk.ts'
import { startSyncServer, type TestServer } from './sync-server.ts'
import { until } from './until.ts'

type Line = (path: string, request: () => Promise<Response>) => Promise<Response>

/** A server for all tests of a file, and desks for one test each. */
export const comparedDesks = () => {
  let server: TestServer
  let desks: TestDesk[] = []
  beforeAll(async () => {
    server = await startSyncServer()
  })
  afterEach(async () => {
    for (const desk of desks.toReversed()) await desk.remove()
    desks = []
  })
  afterAll(() => server.close())

  /** Removes it when the test has ended. */
  const keep = (desk: TestDesk): void => void desks.push(desk)
  const deskWith = async (options: DeskOptions): Promise<TestDesk> => {
    const desk = await enrollDesk(server, options)
    keep(desk)
    return desk
  }
  return {
    server: () => server,
    keep,
    deskWith,
    newDesk: async (line: Line = (_path, request) => request()): Promise<TestDesk> =>
      deskWith({
        fetch: (input, init) =>
          line(new URL(input instanceof Request ? input.url : input).pathname, () => fetch(input, init)),
      }),
    /** A change that can be made again and again. */
    mark: (desk: TestDesk, child: 0 | 1 | 2) => {
      const { session, children } = server.counter
      const marks = [{ student_id: children[child].id, code: 'late', note: null }]
      return desk.command('attendance.mark', { session_id: session.id, marks })
    },
  }
}

export const statusOf = async (desk: TestDesk): Promise<SyncStatus> => desk.data.status()
export const healthOf = async (desk: TestDesk): Promise<HealthStatus> => (await statusOf(desk)).health
export const drained = (desk: TestDesk) =>
  until(async () => {
    const { waiting, online } = await statusOf(desk)
    return waiting === 0 && online
  })
export const untilHealth = (desk: TestDesk, isSo: (status: HealthStatus) => boolean) =>
  until(async () => isSo(await healthOf(desk)))

/** Asks for a comparison and waits for all that follows from it. */
export const compare = async (desk: TestDesk): Promise<HealthStatus> => {
  await drained(desk)
  const before = (await healthOf(desk)).compared_at
  await desk.call('sync.compare')
  await untilHealth(desk, ({ activity, compared_at }) => activity === 'none' && compared_at !== before)
  return healthOf(desk)
}

/** Changes what is stored on the computer, past everything that Foyer does. */
export const tamper = (desk: TestDesk, sql: string, ...values: readonly unknown[]): number =>
  desk.data
    .signedIn()
    .store.replica.db.prepare(sql)
    .run(...values).changes

export const mendedTables = (status: HealthStatus) => status.mended[0]?.tables.map(({ table, rows }) => [table, rows])
