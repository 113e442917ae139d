import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SnapshotManifest } from '../../src-shared/contract/snapshot.ts'
import { allTables } from '../../src-shared/replica/schema.ts'
import { systemEnvironment } from '../../src-main/data/environment.ts'
import type { ReplicaWork } from '../../src-main/data/snapshot/replica-work.ts'
import { workInPlace } from '../../src-main/data/snapshot/work-in-place.ts'
import { workInThread } from '../../src-main/data/snapshot/work-in-thread.ts'
import { type DeskOptions, enrollDesk, openDesk, type TestDesk } from '../support/desk.ts'
import { addFamilies, publishSnapshot } from '../support/snapshots.ts'
import { removeFolder, temporaryFolder } from '../support/store.ts'
import { password, signInName, startSyncServer, type TestServer } from '../support/sync-server.ts'
import { until } from '../support/until.ts'

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

/** The addresses that a desk asks for, and what it is answered. */
const recorded = (
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
const isPart = ({ pathname }: URL): boolean => pathname === '/v1/snapshot/part'
const bytesOf = async (response: Response): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await response.arrayBuffer())

const newDesk = async (options: DeskOptions = {}): Promise<TestDesk> => {
  const desk = await enrollDesk(server, options)
  desks.push(desk)
  return desk
}

/** A desk that brought everything by the log, because there was nothing else. */
const deskOfTheLog = async (): Promise<TestDesk> => {
  const { line } = recorded((url, response) =>
    url.pathname.startsWith('/v1/snapshot') ? new Response('{}', { status: 404 }) : response,
  )
  return newDesk({ fetch: line })
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

/** Waits until both have everything, and compares them. */
const expectAlike = async (one: TestDesk, other: TestDesk): Promise<void> => {
  const [{ position } = { position: 0 }] = await server.sql<{ position: string }>(
    `select max(position) as position from facility_heads where audience = 'desk'`,
  )
  for (const desk of [one, other]) {
    await until(() => desk.data.appState().stage === 'ready')
    await until(() => desk.data.signedIn().store.replica.readState().position >= Number(position))
  }
  expect(contentsOf(one)).toEqual(contentsOf(other))
}

const integrityOf = (desk: TestDesk): unknown =>
  desk.data.signedIn().store.replica.db.pragma('integrity_check', { simple: true })

describe('a new desk with a snapshot', () => {
  test('has every row and finds every family, like a desk that followed the log alone (I4)', async () => {
    const { line, partsAsked, fromTheStart } = recorded()

    const desk = await newDesk({ fetch: line })

    expect(manifest.parts.length).toBeGreaterThan(3)
    expect(partsAsked()).toEqual(manifest.parts.map((_, number) => String(number)))
    expect(fromTheStart()).toEqual([])
    await expectAlike(desk, await deskOfTheLog())
    expect(integrityOf(desk)).toBe('ok')
  })

  test('has what came, changed and went after the snapshot, and finds it', async () => {
    await addFamilies(server, 3, 'Wald')
    await server.sql(`update families set name = 'Tal' where name = 'Berg 7'`)
    await server.sql(`delete from family_facilities where family_id = (select id from families where name = 'Berg 8')`)

    const desk = await newDesk()

    await expectAlike(desk, await deskOfTheLog())
    const names = desk.rows('families').map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['Wald 1', 'Wald 2', 'Wald 3', 'Tal']))
    expect(names).not.toContain('Berg 8')
  })

  test('can work at once, and its work reaches the server', async () => {
    const desk = await newDesk()

    const entries = server.counter.children.map(({ id }) => ({ student_id: id, session_id: server.counter.session.id }))
    await desk.command('check_in.record', { entries })

    await until(async () => (await desk.data.status()).waiting === 0)
    expect(await server.sql('select from check_ins')).toHaveLength(entries.length)
  })

  test('says how many rows have come of how many', async () => {
    const desk = await newDesk()

    const states = desk.pushes.flatMap((push) => (push.push === 'app-state' ? [push.data] : []))
    const counted = states.filter(({ rows_total }) => rows_total !== null)
    expect(counted.every(({ rows_received, rows_total }) => rows_received <= Number(rows_total))).toBe(true)
    expect(counted).toContainEqual(expect.objectContaining({ rows_received: manifest.rows, rows_total: manifest.rows }))
  })

  test('does it in a thread as well', async () => {
    const file = path.join(import.meta.dirname, '../../src-main/data/snapshot/work-main.ts')

    const desk = await newDesk({ work: workInThread(file) })

    await expectAlike(desk, await deskOfTheLog())
  })

  test('writes nothing of a person to its disk that could be read without the key (I7, promise 7)', async () => {
    const seen: string[] = []
    let folder = ''
    const look = (): void => {
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (entry.isFile()) seen.push(readFileSync(path.join(entry.parentPath, entry.name), 'latin1'))
      }
    }
    folder = temporaryFolder()
    const desk = await newDesk({ folder, work: watched({ after: look }) })
    look()

    expect(desk.rows('families').map(({ name }) => name)).toContain('Berg 42')
    expect(seen.length).toBeGreaterThan(manifest.parts.length)
    for (const text of ['Berg 42', 'Kind42', 'SQLite format 3', '(\xb5/\xfd']) {
      expect(seen.some((bytes) => bytes.includes(text))).toBe(false)
    }
  })
})

/** The usual work, with something before and after each part. */
const watched = ({
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

describe('a load that is cut', () => {
  test.each(['before', 'after'] as const)('by a kill %s any part goes on with the next one (D1)', async (when) => {
    const folder = temporaryFolder()
    const loaded: number[] = []
    const desk = openDesk({ folder })
    desks.push(desk)
    await desk.call('device.enroll', { code: await server.newCode(), name: 'Desk', server_url: server.url() })
    await desk.stop()

    for (const part of manifest.parts.keys()) {
      let isKilled = false
      const kill = (number: number): void => {
        if (number !== part) return
        isKilled = true
        throw new Error('killed')
      }
      const work = watched({
        before: (number) => {
          if (when === 'before') kill(number)
          loaded.push(number)
        },
        after: (number) => when === 'after' && kill(number),
      })
      // A killed program does not say that its load has failed, and deletes nothing.
      const forever: ReplicaWork = { ...work, addPart: hangingWhenKilled(work.addPart) }
      const victim = openDesk({ folder, work: forever })
      await victim.call('session.sign_in', { sign_in_name: signInName, password })
      await until(() => isKilled)
      await victim.stop()
    }
    const last = openDesk({ folder })
    desks.push(last)
    await last.signIn()

    expect(loaded).toEqual(when === 'after' ? [...manifest.parts.keys()] : [...manifest.parts.keys()].slice(0, -1))
    await expectAlike(last, await deskOfTheLog())
  })

  test('by the line at any byte goes on with that byte (N4)', async () => {
    let cuts = 0
    const { line, asked } = recorded(async (url, response) => {
      if (!isPart(url)) return response
      const bytes = await bytesOf(response)
      if (cuts >= manifest.parts.length || bytes.length < 2) return new Response(bytes)
      cuts += 1
      const some = bytes.subarray(0, 1 + ((cuts * 7919) % (bytes.length - 1)))
      return new Response(cutAfter(some))
    })

    const desk = await newDesk({ fetch: line })

    const begins = asked.filter(isPart).map(({ searchParams }) => Number(searchParams.get('from')))
    expect(begins.filter((from) => from > 0).length).toBeGreaterThan(manifest.parts.length / 2)
    await expectAlike(desk, await deskOfTheLog())
  })

  test('because the snapshot was replaced begins with the new one', async () => {
    let isReplaced = false
    const { line } = recorded(async (url, response) => {
      if (!isPart(url) || url.searchParams.get('part') !== '1' || isReplaced) return response
      isReplaced = true
      // Two newer ones push it out.
      for (const name of ['Wald', 'Tal']) {
        await addFamilies(server, 5, name)
        await publishSnapshot(server, snapshots)
      }
      return response
    })

    const desk = await newDesk({ fetch: line })

    await expectAlike(desk, await deskOfTheLog())
  })
})

const cutAfter = (bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> =>
  new ReadableStream({
    start: (controller) => controller.enqueue(bytes),
    pull: (controller) => controller.error(new Error('cut')),
  })

const hangingWhenKilled =
  (addPart: ReplicaWork['addPart']): ReplicaWork['addPart'] =>
  async (...args) => {
    try {
      await addPart(...args)
    } catch (error) {
      if (error instanceof Error && error.message === 'killed') return new Promise(() => undefined)
      throw error
    }
  }

describe('a snapshot that is of no use', () => {
  const garble = (bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
    const [middle] = [bytes.length >> 1]
    bytes[middle] = (bytes[middle] ?? 0) ^ 1
    return bytes
  }

  test('for a moment, because a bit turned over on its way, is asked for again', async () => {
    let isGarbled = false
    const { line, fromTheStart } = recorded(async (url, response) => {
      if (!isPart(url) || isGarbled) return response
      isGarbled = true
      return new Response(garble(await bytesOf(response)))
    })

    const desk = await newDesk({ fetch: line })

    expect(fromTheStart()).toEqual([])
    await expectAlike(desk, await deskOfTheLog())
  })

  test.each([
    [
      'because a part is always damaged',
      async (url: URL, response: Response) =>
        isPart(url) && url.searchParams.get('part') === '2' ? new Response(garble(await bytesOf(response))) : response,
    ],
    [
      'because it was made by a newer server',
      async (url: URL, response: Response) =>
        url.pathname === '/v1/snapshot' ? Response.json({ ...manifest, fingerprint: 'f'.repeat(64) }) : response,
    ],
    [
      'because its manifest has another form',
      async (url: URL, response: Response) =>
        url.pathname === '/v1/snapshot' ? Response.json({ hello: 'there' }) : response,
    ],
    [
      'because the server cannot read it',
      async (url: URL, response: Response) => (isPart(url) ? new Response('{}', { status: 403 }) : response),
    ],
    [
      'because something on the way shows a page in place of its parts, but not of the log (F10)',
      async (url: URL, response: Response) =>
        isPart(url) ? new Response('Blocked', { headers: { 'content-type': 'text/html' } }) : response,
    ],
  ] as const)('%s, leaves the work to the log', async (_why, answer) => {
    const { line, fromTheStart } = recorded(answer)

    // Without chance the pauses are short.
    const desk = await newDesk({ fetch: line, random: () => 0 })

    expect(fromTheStart().length).toBeGreaterThan(0)
    await expectAlike(desk, await deskOfTheLog())
  })

  test('because the server was restored while it came, leaves the work to the log (S5, N7)', async () => {
    const { line, fromTheStart } = recorded(async (url, response) => {
      if (isPart(url) && url.searchParams.get('part') === '1') {
        await server.sql(`select sync.renew_epoch(epoch, 'restored') from server_epoch`)
      }
      return response
    })

    const desk = await newDesk({ fetch: line })

    expect(fromTheStart().length).toBeGreaterThan(0)
    await expectAlike(desk, await deskOfTheLog())
  })
})

describe('a desk that works when its log is lost', () => {
  test('loads the snapshot beside what it shows, and keeps its work (F3, N7)', async () => {
    const { line, partsAsked } = recorded()
    let published: Promise<unknown> = Promise.resolve()
    const patient: typeof fetch = async (input, init) => {
      if (new URL(input instanceof Request ? input.url : input).pathname === '/v1/snapshot') await published
      return line(input, init)
    }
    const desk = await newDesk({ fetch: patient })
    const before = partsAsked().length
    const gate = Promise.withResolvers<undefined>()
    published = gate.promise
    await server.sql(`select sync.renew_epoch(epoch, 'restored') from server_epoch`)
    await publishSnapshot(server, snapshots)
    gate.resolve(undefined)
    await addFamilies(server, 1, 'Wald')

    await until(() => desk.rows('families').some(({ name }) => name === 'Wald 1'))

    expect(partsAsked().length).toBeGreaterThan(before)
    await expectAlike(desk, await deskOfTheLog())
    expect(readdirSync(desk.folder).filter((name) => /^replica-\d+\.db$/.test(name))).toHaveLength(1)
  })
})

describe('a desk that was away for long', () => {
  test('takes a newer snapshot in place of a backlog that fills its memory, and keeps its work (F11, N7)', async () => {
    const folder = temporaryFolder()
    const away = openDesk({ folder })
    desks.push(away)
    await away.call('device.enroll', { code: await server.newCode(), name: 'Desk', server_url: server.url() })
    await away.signIn()
    await away.stop()
    await addFamilies(server, 2500, 'Wald')
    // PostgreSQL does it by itself, but not this minute.
    await server.sql('analyze sync_log')
    manifest = await publishSnapshot(server, snapshots)

    const { line, partsAsked, fromTheStart } = recorded()
    const back = openDesk({ folder, fetch: line })
    desks.push(back)
    await back.signIn()
    await until(() => back.rows('families').some(({ name }) => name === 'Wald 2500'))

    expect(partsAsked()).toHaveLength(manifest.parts.length)
    expect(fromTheStart()).toEqual([])
    await expectAlike(back, await deskOfTheLog())
  })
})
