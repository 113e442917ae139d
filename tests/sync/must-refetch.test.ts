import { readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { epochOf } from '../../src-shared/contract/handle.ts'
import type { Inbox } from '../../src-shared/queries/inbox.ts'
import { enrollDesk, openDesk, type TestDesk } from '../support/desk.ts'
import { addFamilies, publishSnapshot } from '../support/snapshots.ts'
import { removeFolder, temporaryFolder } from '../support/store.ts'
import { startSyncServer, type TestServer } from '../support/sync-server.ts'
import { until } from '../support/until.ts'

let server: TestServer
let snapshots: string
let desk: TestDesk
let line: ReturnType<typeof lossyLine>
/** Check-ins that were saved here; the last of them may not be sent yet. */
let saved: number

const loseLog = async (): Promise<unknown> => server.sql(`select sync.renew_epoch(epoch, 'restored') from server_epoch`)

/** No work goes up while it is held, and the log is lost right after one of its answers. */
const lossyLine = () => {
  const state = { isHeld: false, loseAfter: 0, isLost: false, refetches: 0 }
  /** How many check-ins the desk showed at each answer. */
  const seen: number[] = []
  const look = (): void => {
    if (desk.data.appState().stage === 'ready') seen.push(desk.rows('check_ins').length)
  }
  const lossy: typeof fetch = async (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input)
    if (pathname === '/v1/mutations' && state.isHeld) throw new TypeError('fetch failed')
    const response = await fetch(input, init)
    if (pathname !== '/v1/shape') return response
    if (state.isHeld) look()
    if (response.status === 409) {
      state.refetches += 1
    } else if (state.loseAfter > 0) {
      state.loseAfter -= 1
      if (state.loseAfter === 0) {
        await loseLog()
        state.isLost = true
      }
    }
    return response
  }
  return { state, fetch: lossy, look, seen }
}

beforeEach(async () => {
  snapshots = temporaryFolder()
  server = await startSyncServer({ snapshotFolder: snapshots, chunkLimit: { rows: 20, bytes: 1_000_000 } })
  await addFamilies(server, 4)
  line = lossyLine()
  saved = 0
  desk = await enrollDesk(server, { fetch: line.fetch })
})
afterEach(async () => {
  await desk.remove()
  await server.close()
  removeFolder(snapshots)
})

const checkIn = async (): Promise<void> => {
  await desk.command('check_in.record', {
    entries: [{ student_id: server.counter.children[0].id, session_id: server.counter.session.id }],
  })
  saved += 1
}
const drained = async () => until(async () => (await desk.data.status()).waiting === 0)

/** Shows the log of now, to its end. */
const isCurrent = async (): Promise<boolean> => {
  const [log] = await server.sql<{ epoch: string; position: string }>(
    "select epoch, (select max(position) from facility_heads where audience = 'desk') as position from server_epoch",
  )
  if (desk.data.appState().stage !== 'ready') return false
  const { handle, position } = desk.data.signedIn().store.replica.readState()
  return epochOf(handle) === log?.epoch && position >= Number(log?.position)
}

/** Starts with a replica that has nothing: the work is in `desk.db` alone. */
const startWithoutReplica = async (): Promise<void> => {
  const { folder } = desk
  await desk.stop()
  for (const name of readdirSync(folder)) if (name.startsWith('replica-')) rmSync(path.join(folder, name))
  desk = openDesk({ folder, fetch: line.fetch })
  await desk.signIn()
}

/** What the desk is at when it loses the log; `arm` is called where answers begin to count. */
type Moment = (arm: () => void) => Promise<void>

const moments: Readonly<Record<string, Moment>> = {
  'a live batch': async (arm) => {
    arm()
    await addFamilies(server, 8, 'Wald')
  },
  'a first load': async (arm) => {
    arm()
    await startWithoutReplica()
  },
  'a load beside what is shown': async (arm) => {
    arm()
    await loseLog()
  },
  'a first load right behind a snapshot': async (arm) => {
    await publishSnapshot(server, snapshots)
    await addFamilies(server, 8, 'Wald')
    arm()
    await startWithoutReplica()
  },
}

/** Does work that is not sent, and loses the log after so many answers; false when the desk was done before. */
const isLostAfter = async (answers: number, moment: Moment): Promise<boolean> => {
  const { state } = line
  line.seen.length = 0
  Object.assign(state, { isHeld: true, isLost: false, refetches: 0 })
  await checkIn()
  await moment(() => (state.loseAfter = answers))
  await until(async () => state.isLost || (await isCurrent()))
  state.loseAfter = 0
  const { isLost } = state
  await until(isCurrent)
  line.look()
  const { refetches } = state
  const { waiting } = await desk.data.status()
  state.isHeld = false
  await drained()

  expect({ answers, waiting, least: Math.min(...line.seen) }).toEqual({ answers, waiting: 1, least: saved })
  if (isLost) expect(refetches).toBeGreaterThan(0)
  return isLost
}

test.each(Object.entries(moments))(
  '409 after any answer of %s leaves unsent work where it is, and it is decided once (N7)',
  { timeout: 120_000 },
  async (_name, moment) => {
    await checkIn()
    await drained()

    let answers = 1
    while (await isLostAfter(answers, moment)) answers += 1

    expect(answers).toBeGreaterThan(2)
    const [counts] = await server.sql(
      `select (select count(*)::int from mutations where outcome = 'applied') as applied,
        (select count(*)::int from mutations) as decided, (select count(*)::int from check_ins) as check_ins`,
    )
    expect(counts).toEqual({ applied: saved, decided: saved, check_ins: saved })
    await until(isCurrent)
    expect(desk.rows('check_ins')).toHaveLength(saved)
    expect((await desk.query<Inbox>('inbox.list', {})).open).toEqual([])
    expect(desk.faults).toEqual([])
  },
)
