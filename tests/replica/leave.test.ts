import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Engine, startEngine } from '../../src-main/data/engine.ts'
import type { Environment } from '../../src-main/data/environment.ts'
import type { SqliteDatabase } from '../../src-main/data/sqlite.ts'
import type { Server } from '../../src-main/data/sync/server.ts'
import { counterRows } from '../support/counter-rows.ts'
import { environmentWith } from '../support/environment.ts'
import { checkInAll, openCounterStore, removeFolder, storeParts, temporaryFolder } from '../support/store.ts'

const counter = counterRows()
const silent: Server = { fetch: () => new Promise(() => undefined), post: () => new Promise(() => undefined) }

let folder: string
let engine: Engine

const start = (environment: Environment): Promise<Engine> =>
  startEngine({
    ...storeParts(folder, counter),
    environment,
    url: 'http://server',
    server: silent,
    onTables: () => undefined,
    onShown: () => undefined,
    onStatus: () => undefined,
    onHealth: () => undefined,
    leaseKey: {},
    onReleased: () => undefined,
    onFault: () => undefined,
  })

beforeEach(async () => {
  folder = temporaryFolder()
  await (await openCounterStore(folder, counter)).close()
  engine = await start(environmentWith({}))
})
afterEach(() => removeFolder(folder))

test('an engine that cannot begin leaves nothing open to the one that is started next', async () => {
  await engine.store.close()
  const usual = environmentWith({})
  const opened: SqliteDatabase[] = []
  const open: Environment['disk']['open'] = (file, options) => {
    const db = usual.disk.open(file, options)
    opened.push(db)
    return db
  }
  const now = (): number => {
    throw new Error('No clock')
  }

  await expect(start({ ...usual, disk: { ...usual.disk, open }, clock: { ...usual.clock, now } })).rejects.toThrow(
    'No clock',
  )

  expect(opened.length).toBeGreaterThan(2)
  expect(opened.filter((db) => db.open)).toEqual([])
})

describe('an engine that leaves for good (U7)', () => {
  test('does not while there is work that the server does not have, also when that is being saved', async () => {
    const decide = vi.fn()

    const saving = checkInAll(engine.store, counter)
    const hasLeft = await engine.leave(0, decide)

    expect(hasLeft).toBe(false)
    expect(decide).not.toHaveBeenCalled()
    const { envelope } = await saving
    expect(engine.store.desk.mutationsAfter(0, 1)).toMatchObject([{ id: envelope.id }])
    await engine.store.close()
  })

  test('decides once, and takes no work any more', async () => {
    const { envelope } = await checkInAll(engine.store, counter)
    const decide = vi.fn()

    const hasLeft = await Promise.all([engine.leave(envelope.seq, decide), engine.leave(envelope.seq, decide)])

    expect(hasLeft).toEqual([true, false])
    expect(decide).toHaveBeenCalledOnce()
    await expect(checkInAll(engine.store, counter)).rejects.toThrow('not open')
  })

  test('stays when what is decided cannot be written down', async () => {
    const decide = vi.fn(() => {
      throw new Error('The disk is full')
    })

    await expect(engine.leave(0, decide)).rejects.toThrow('The disk is full')

    await checkInAll(engine.store, counter)
    expect(engine.store.desk.lastSeq()).toBe(1)
    await engine.store.close()
  })
})
