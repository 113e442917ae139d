import fc from 'fast-check'
import type { Transaction } from 'kysely'
import { expect, test } from 'vitest'
import { Store } from '../../src-main/data/store.ts'
import type { LogEntry } from '../../src-shared/replica/log-entry.ts'
import { applyCommand } from '../../src-shared/commands/command.ts'
import { findCommand } from '../../src-shared/commands/index.ts'
import type { MutationEnvelope } from '../../src-shared/contract/http.ts'
import { DomainError } from '../../src-shared/errors.ts'
import { permissionsOf } from '../../src-shared/rules/access.ts'
import type { SearchDatabase } from '../../src-shared/schema/search-index.ts'
import { type Database, syncedTables } from '../../src-shared/schema/tables.ts'
import { academy } from '../support/academy.ts'
import { entriesOf } from '../support/counter-rows.ts'
import { counter, devices, firstRows, profileOf, step, type Step } from '../support/desk-histories.ts'
import { environmentWith } from '../support/environment.ts'
import { type MemoryReplica, openMemoryReplica } from '../support/replica-memory.ts'
import { actorOf, removeFolder, rowsOf, storeParts, temporaryFolder, testNow } from '../support/store.ts'

const tables = Object.keys(syncedTables)

/** A command of one device over rows in memory; a refusal leaves no trace. */
const carryOut = async (memory: MemoryReplica, envelope: MutationEnvelope, desk: number): Promise<boolean> => {
  const { device_id, facility_id, till } = profileOf(desk)
  const db = memory.db
  try {
    await db.transaction().execute(async (transaction: Transaction<SearchDatabase>) => {
      const tx = transaction as unknown as Transaction<Database>
      await applyCommand(tx, findCommand(envelope.command, 1), envelope.args, {
        mutationId: envelope.id,
        at: envelope.at,
        hlc: envelope.hlc,
        staffId: envelope.staff_id,
        deviceId: device_id,
        facilityId: facility_id,
        till,
        seriesNumber: envelope.series_number,
        permissions: await permissionsOf(tx, envelope.staff_id, facility_id),
        lock: () => Promise.resolve(),
      })
    })
    return true
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    return false
  }
}

type Rows = Map<string, Readonly<Record<string, unknown>>>

const allRows = ({ sqlite }: MemoryReplica): Rows =>
  new Map(
    tables.flatMap((table) =>
      sqlite
        .prepare(`select * from "${table}"`)
        .all()
        .map((row) => {
          const known = row as Readonly<Record<string, unknown>>
          return [`${table}/${String(known['id'])}`, known] as const
        }),
    ),
  )

/** The server and its log, in memory. */
const startServer = () => {
  const memory = openMemoryReplica()
  const log: LogEntry[] = []
  const append = (before: Rows): void => {
    const after = allRows(memory)
    for (const key of new Set([...before.keys(), ...after.keys()])) {
      if (JSON.stringify(before.get(key)) === JSON.stringify(after.get(key))) continue
      const [table_name = '', row_id = ''] = key.split('/')
      log.push({ position: log.length + 1, table_name, row_id, row: after.get(key) ?? null })
    }
  }
  put(memory, entriesOf(firstRows))
  append(new Map())
  /** Where transactions end: a batch never ends elsewhere. */
  const ends = [log.length]
  const commit = async (work: () => Promise<unknown>): Promise<void> => {
    const before = allRows(memory)
    await work()
    append(before)
    ends.push(log.length)
  }
  return {
    log,
    ends,
    close: memory.close,
    /** What an office does elsewhere. */
    edit: (sql: string) => commit(async () => memory.sqlite.exec(sql)),
    /** Decides what a device sent; one that is known already has no second effect. */
    receive: async (envelope: MutationEnvelope, desk: number, isRefused = false): Promise<void> => {
      const { device_id } = profileOf(desk)
      const known = memory.sqlite.prepare('select last_seq from device_progress where id = ?').pluck().get(device_id)
      if (envelope.seq <= Number(known)) return
      await commit(async () => {
        if (!isRefused) await carryOut(memory, envelope, desk)
        memory.sqlite.prepare('update device_progress set last_seq = ? where id = ?').run(envelope.seq, device_id)
      })
    },
  }
}

const put = (memory: MemoryReplica, entries: readonly LogEntry[]): void => {
  for (const { table_name, row_id, row } of entries) {
    memory.sqlite.prepare(`delete from "${table_name}" where id = ?`).run(row_id)
    if (row === null) continue
    const names = Object.keys(row)
    memory.sqlite
      .prepare(`insert into "${table_name}" (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`)
      .run(Object.values(row))
  }
}

/** What a desk must show: the log up to its position, and its unsent commands one after the other (SPEC R1). */
const expectedOf = async (log: readonly LogEntry[], store: Store, desk: number) => {
  const memory = openMemoryReplica()
  put(memory, log.slice(0, store.replica.state.read().position))
  for (const envelope of store.desk.mutationsAfter(store.progress, 1000)) await carryOut(memory, envelope, desk)
  memory.indexSearch()
  const rows = Object.fromEntries(
    tables.map((table) => [table, memory.sqlite.prepare(`select * from "${table}" order by id`).all()]),
  )
  const terms = memory.sqlite.prepare('select family_id, terms from search_index order by family_id').all()
  memory.close()
  return { rows, terms }
}

const shownOf = (store: Store) => ({
  rows: Object.fromEntries(tables.map((table) => [table, rowsOf(store, table)])),
  terms: store.replica.db.prepare('select family_id, terms from search_index order by family_id').all(),
})

const openWorld = async () => {
  const server = startServer()
  const folders = devices.map(() => temporaryFolder())
  let now = testNow
  const open = (desk: number) =>
    Store.open({
      ...storeParts(folders[desk] ?? '', counter),
      profile: profileOf(desk),
      environment: environmentWith({ now: () => (now += 1000) }),
    })
  const stores = await Promise.all(devices.map((_, desk) => open(desk)))
  const storeOf = (desk: number): Store => stores[desk] ?? expect.fail('There are two desks')
  const load = async (desk: number): Promise<void> => {
    await storeOf(desk).append(server.log, 'handle')
    await storeOf(desk).completeLoad({ position: server.log.length, handle: 'handle', serverTime: undefined })
  }
  for (const desk of stores.keys()) await load(desk)
  const feed = async (desk: number, count: number): Promise<void> => {
    const { position } = storeOf(desk).replica.state.read()
    const end = server.ends
      .filter((each) => each > position)
      .slice(0, count)
      .at(-1)
    if (end === undefined) return
    const entries = server.log.slice(position, end)
    await storeOf(desk).apply({ entries, position: end, handle: 'handle', serverTime: undefined })
  }
  const send = async (desk: number, count: number, isRefused = false): Promise<void> => {
    const { desk: saved, progress } = storeOf(desk)
    for (const envelope of saved.mutationsAfter(progress, count)) await server.receive(envelope, desk, isRefused)
  }
  const run = async (desk: number, [name, args]: readonly [string, unknown]): Promise<void> => {
    const payment = rowsOf(storeOf(desk), 'payments').at(-1)
    const given = name === 'payment.void' ? { payment_id: payment?.['id'] ?? academy.staff_id, reason: 'test' } : args
    // As the session does, which looks again when somebody's roles change.
    const allowed = await permissionsOf(storeOf(desk).replica.reads, counter.staff.id, academy.facility_id)
    await storeOf(desk)
      .run(findCommand(name, 1), given, { ...actorOf(counter), permissions: allowed })
      .catch((error: unknown) => {
        if (!(error instanceof DomainError)) throw error
      })
  }
  const take = async (each: Step): Promise<void> => {
    if (each.kind === 'edit') return server.edit(each.sql)
    if (each.kind === 'command') return run(each.desk, each.command)
    if (each.kind === 'relay') {
      await run(1 - each.desk, each.command)
      await send(1 - each.desk, 1000)
      return feed(each.desk, 1000)
    }
    if (each.kind === 'send') return send(each.desk, each.count)
    if (each.kind === 'refuse') return send(each.desk, 1, true)
    if (each.kind === 'feed') return feed(each.desk, each.ends)
    if (each.kind === 'reopen') {
      await storeOf(each.desk).close()
      stores[each.desk] = await open(each.desk)
      return
    }
    await storeOf(each.desk).startOver()
    await load(each.desk)
  }
  return {
    take,
    check: async (desk: number) => {
      expect(shownOf(storeOf(desk))).toEqual(await expectedOf(server.log, storeOf(desk), desk))
    },
    finish: async () => {
      for (const desk of stores.keys()) await send(desk, 1000)
      for (const desk of stores.keys()) await feed(desk, 1000)
    },
    shown: () => stores.map(shownOf),
    close: async () => {
      for (const store of stores) await store.close()
      for (const folder of folders) removeFolder(folder)
      server.close()
    },
  }
}

test('two desks show the log and their unsent work at every step, and end alike, whatever happens (R1-R7)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), async (steps) => {
      const world = await openWorld()
      try {
        for (const each of steps) {
          await world.take(each)
          if ('desk' in each) await world.check(each.desk)
        }
        await world.finish()

        await world.check(0)
        expect(world.shown()[0]).toEqual(world.shown()[1])
      } finally {
        await world.close()
      }
    }),
    { numRuns: Number(process.env['FOYER_RUNS'] ?? 8), endOnFailure: true },
  )
})
