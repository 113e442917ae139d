import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createLogReader, type LogReader } from '../../sync-server/shapes/log-reader.ts'
import { academy } from '../support/academy.ts'
import { seedAcademy } from '../support/academy-pg.ts'
import { createFoyerDatabase, type FoyerDatabase } from '../support/foyer-database.ts'

const log = { facilityId: academy.facility_id, audience: 'desk' } as const
const start = { position: 0, since: 0 }

let database: FoyerDatabase
let logs: LogReader
let isListening: boolean

beforeAll(async () => {
  database = await createFoyerDatabase()
  await seedAcademy(database.admin)
})
afterAll(() => database.drop())
beforeEach(() => {
  isListening = true
  const limit = { rows: 5000, bytes: 4_000_000 }
  logs = createLogReader({ db: database.server, limit, isListening: () => isListening })
  logs.listens()
})

const renameSomebody = () => database.admin.updateTable('staff').set({ last_name: crypto.randomUUID() }).execute()

describe('a read of the log', () => {
  test('answers all who ask for the same in one turn, and nobody who asks later', async () => {
    const [one, two, other] = await Promise.all([
      logs.read(log, start),
      logs.read(log, start),
      logs.read(log, { position: 1, since: 0 }),
    ])
    await renameSomebody()
    const later = await logs.read(log, start)

    expect(two).toBe(one)
    expect(other.chunk?.messages).not.toBe(one.chunk?.messages)
    expect(later.head.position).toBeGreaterThan(one.head.position)
  })
})

describe('the body of what was read', () => {
  test('is put together and packed once for all who share the read, and says what the log says', async () => {
    const [one, two] = await Promise.all([logs.read(log, start), logs.read(log, start)])

    const [body, same] = [logs.bodyOf(one), logs.bodyOf(two)]
    const packed = await body.gzip()

    expect(same).toBe(body)
    expect(await same.gzip()).toBe(packed)
    expect(gunzipSync(packed).toString()).toBe(body.text)
    expect(body.text.startsWith(`[${one.chunk?.messages},`)).toBe(true)
    expect(body.text).toContain('"control":"up-to-date"')
  })
})

describe('the head of a log is known', () => {
  test('from the read until something is announced that was not in it', async () => {
    const { head } = await logs.read(log, start)

    logs.grew(log.facilityId, log.audience, head.position)
    expect(logs.known(log)).toEqual(head)
    logs.grew(log.facilityId, log.audience, head.position + 1)
    expect(logs.known(log)).toBeUndefined()
  })

  test('not before it was read, nor of another log', async () => {
    await logs.read(log, start)

    expect(logs.known({ ...log, audience: 'office' })).toBeUndefined()
  })

  test('not while nobody listens, nor after, as something may have been missed', async () => {
    await logs.read(log, start)

    isListening = false
    expect(logs.known(log)).toBeUndefined()
    isListening = true
    logs.listens()
    expect(logs.known(log)).toBeUndefined()
  })

  test('not by a read that began before we listened', async () => {
    const early = logs.read(log, start)
    await new Promise((resolve) => setImmediate(resolve))
    logs.listens()
    await early

    expect(logs.known(log)).toBeUndefined()
  })
})
