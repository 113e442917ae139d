import { afterEach, beforeEach, expect } from 'vitest'
import { systemEnvironment } from '../../src-main/data/environment.ts'
import type { ReplicaWork } from '../../src-main/data/snapshot/replica-work.ts'
import { workInPlace } from '../../src-main/data/snapshot/work-in-place.ts'
import type { SnapshotManifest } from '../../src-shared/contract/snapshot.ts'
import { allTables } from '../../src-shared/replica/schema.ts'
import { type DeskOptions, enrollDesk, type TestDesk } from './desk.ts'
import { addFamilies, publishSnapshot } from './snapshots.ts'
import { removeFolder, temporaryFolder } from './store.ts'
import { startSyncServer, type TestServer } from './sync-server.ts'
import { until } from './until.ts'

/** For each test a server that has a snapshot of some hundred families, and desks. */
export const snapshotDesks = () => {
  let server: TestServer
  let snapshots: string
  let manifest: SnapshotManifest
  let desks: TestDesk[] = []
  beforeEach(async () => {
    snapshots = temporaryFolder()
    server = await startSyncServer({ snapshotFolder: snapshots })
    await addFamilies(server, 400)
    manifest = await publishSnapshot(server, snapshots)
  })
  afterEach(async () => {
    for (const desk of desks) await desk.remove()
    desks = []
    await server.close()
    removeFolder(snapshots)
  })

  /** Removes it when the test has ended. */
  const keep = (desk: TestDesk): void => void desks.push(desk)
  const newDesk = async (options: DeskOptions = {}): Promise<TestDesk> => {
    const desk = await enrollDesk(server, options)
    keep(desk)
    return desk
  }
  return {
    server: () => server,
    /** Of the snapshot that there was first. */
    manifest: () => manifest,
    publish: () => publishSnapshot(server, snapshots),
    keep,
    newDesk,
    /** A desk that brought everything by the log, because there was nothing else. */
    deskOfTheLog: async (): Promise<TestDesk> => {
      const { line } = recorded((url, response) =>
        url.pathname.startsWith('/v1/snapshot') ? new Response('{}', { status: 404 }) : response,
      )
      return newDesk({ fetch: line })
    },
    /** Waits until both have everything, and compares them. */
    expectAlike: async (one: TestDesk, other: TestDesk): Promise<void> => {
      const [{ position } = { position: 0 }] = await server.sql<{ position: string }>(
        `select max(position) as position from facility_heads where audience = 'desk'`,
      )
      for (const desk of [one, other]) {
        await until(() => desk.data.appState().stage === 'ready')
        await until(() => desk.data.signedIn().store.replica.readState().position >= Number(position))
      }
      expect(contentsOf(one)).toEqual(contentsOf(other))
    },
  }
}

/** The addresses that a desk asks for, and what it is answered. */
export const recorded = (
  answer: (url: URL, response: Response) => Response | Promise<Response> = (_, response) => response,
) => {
  const asked: URL[] = []
  const line: typeof fetch = async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : String(input))
    asked.push(url)
    return answer(url, await fetch(input, init))
  }
  const partsAsked = () =>
    asked.filter(({ pathname }) => pathname === '/v1/snapshot/part').map(({ searchParams }) => searchParams.get('part'))
  const fromTheStart = () =>
    asked.filter(({ pathname, searchParams }) => pathname === '/v1/shape' && searchParams.get('offset') === '-1')
  return { line, asked, partsAsked, fromTheStart }
}

/** All rows and all that can be found; without what each desk has of its own kind. */
const contentsOf = (desk: TestDesk) => {
  const { db } = desk.data.signedIn().store.replica
  return {
    rows: Object.fromEntries(allTables.map(({ name }) => [name, desk.rows(name)])),
    search: db.prepare('select family_id, terms from search_index order by family_id').all(),
    indexes: db.prepare("select name from sqlite_schema where type = 'index' order by name").pluck().all(),
  }
}

/** The usual work, with something before and after each part. */
export const watched = ({
  before = () => undefined,
  after = () => undefined,
}: {
  readonly before?: (part: number) => void
  readonly after?: (part: number) => void
}): ReplicaWork => {
  const work = workInPlace(systemEnvironment.disk)
  return {
    ...work,
    addPart: async (target, number, raw) => {
      before(number)
      await work.addPart(target, number, raw)
      after(number)
    },
  }
}
