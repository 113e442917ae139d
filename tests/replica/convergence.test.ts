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
import { counterRows, entriesOf } from '../support/counter-rows.ts'
import { environmentWith } from '../support/environment.ts'
import { inboxItem } from '../support/inbox-items.ts'
import { type MemoryReplica, openMemoryReplica } from '../support/replica-memory.ts'
import { actorOf, removeFolder, rowsOf, storeParts, temporaryFolder, testNow } from '../support/store.ts'

const counter = counterRows()
const { session, family, children, invoices, cash } = counter
const tables = Object.keys(syncedTables)
const devices = [academy.device_id, '00000000-0000-4000-8000-0000000000d2'] as const
const tills = devices.map((device_id, index) => ({
  ...counter.till,
  id: `00000000-0000-4000-8000-0000000000e${index}`,
  device_id,
  code: `WER${index + 1}`,
}))
const profileOf = (desk: number) => {
  const { device_id, facility_id, id, code } = tills[desk] ?? counter.till
  return { device_id, facility_id, till: { id, code } }
}
const place = { student_id: children[1].id, session_id: session.id }
const paid = {
  family_id: family.id,
  method_id: cash.id,
  amount: 2000,
  tendered: null,
  reference: null,
  allocations: [],
}
const refusedCheckIn = inboxItem({ args: { entries: [place] } })
const items = [
  refusedCheckIn,
  inboxItem({ command: 'check_out.record', code: 'not_checked_in', caused_by: refusedCheckIn.id }),
  inboxItem({ command: 'payment.take', code: 'not_found', args: paid, device_id: devices[1] }),
]
const firstRows = {
  ...counter.rows,
  tills,
  mutation_outcomes: items,
  device_progress: devices.map((id) => ({ id, facility_id: academy.facility_id, last_seq: 0 })),
}

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

const child = fc.integer({ min: 0, max: 2 }).map((index) => children[index]?.id ?? '')
// The last of them loses its place in some histories: then what was done for the others must go again.
const wholeFamily = children.toReversed().map(({ id }) => ({ student_id: id, session_id: session.id }))
const command = fc.oneof(
  fc.constant(['check_in.record', { entries: wholeFamily }] as const),
  child.map((student_id) => ['check_in.record', { entries: [{ student_id, session_id: session.id }] }] as const),
  child.map(
    (student_id) =>
      ['check_out.record', { entries: [{ student_id, session_id: session.id }], guardian_id: null }] as const,
  ),
  child.map(
    (student_id) =>
      ['attendance.mark', { session_id: session.id, marks: [{ student_id, code: 'present', note: null }] }] as const,
  ),
  child.map((student_id) => ['attendance.walk_in', { session_id: session.id, student_id }] as const),
  fc.constant(['roll.close', { session_id: session.id }] as const),
  fc.integer({ min: 1000, max: 6400 }).map((amount) => {
    const allocations = [{ invoice_id: invoices[0].id, amount, already_paid: 0 }]
    const rest = { tendered: null, reference: null, allocations }
    return ['payment.take', { family_id: family.id, method_id: cash.id, amount, ...rest }] as const
  }),
  fc.constant(['payment.void', undefined] as const),
  fc.constantFrom(...items).chain((item) => {
    const also = items.filter(({ caused_by }) => caused_by === item.id).map(({ id }) => id)
    const again = {
      command: item.command,
      version: 1,
      args: item.command === 'payment.take' ? paid : { entries: [place] },
    }
    return fc.constantFrom(
      ['inbox.accept', { outcome_id: item.id, also, note: null }] as const,
      ['inbox.drop', { outcome_id: item.id, also: [], note: 'No' }] as const,
      ['inbox.redo', { outcome_id: item.id, also: [], note: null, ...again }] as const,
    )
  }),
)
const edits = [
  "update sessions set status = 'cancelled'",
  "update sessions set status = 'scheduled', roll_closed_at = null, roll_closed_by = null",
  "update families set name = name || 'x'",
  "update students set first_name = first_name || 'y'",
  `delete from bookings where student_id = '${children[0].id}'`,
  `delete from guardians`,
  // Rows that nobody had seen, which make possible or impossible what was tried before.
  `insert into bookings select '00000000-0000-4000-8000-0000000000b1', facility_id, session_id, '${children[0].id}',
    enrollment_id, kind, null from bookings where student_id = '${children[1].id}' and not exists
    (select 1 from bookings where id = '00000000-0000-4000-8000-0000000000b1') limit 1`,
  "update payment_methods set archived_at = '2020-01-01T00:00:00.000Z'",
  'update payment_methods set archived_at = null',
  "update role_assignments set ended_at = '2020-01-01T00:00:00.000Z'",
  'update role_assignments set ended_at = null',
]
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('command' as const), desk: fc.nat(1), command }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('send' as const), desk: fc.nat(1), count: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('refuse' as const), desk: fc.nat(1) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('feed' as const), desk: fc.nat(1), ends: fc.nat(4) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('edit' as const), sql: fc.constantFrom(...edits) }) },
  // What one desk does reaches the other while that has unsent work.
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('relay' as const), desk: fc.nat(1), command }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reopen' as const), desk: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reload' as const), desk: fc.nat(1) }) },
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

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
