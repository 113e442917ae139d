import { findCommand } from '../../../src-shared/commands/index.ts'
import type { LogEntry } from '../../../src-shared/replica/log-entry.ts'
import type { Saved } from '../../../src-main/data/outbox/enqueue.ts'
import type { Store } from '../../../src-main/data/store.ts'
import { type Counter, entriesOf } from '../../support/counter-rows.ts'
import { actorOf, checkInAll, payCash, rowsOf } from '../../support/store.ts'

/** Told the id of every mutation that was answered "saved". */
type Say = (line: string) => void

const serverTime = '2026-11-21T05:00:00.000Z'
const written = ['check_ins', 'payments', 'payment_allocations', 'receipts', 'attendance_marks'] as const

/** A check-in and a payment: what must never be lost. */
export const serveFamily = async (store: Store, counter: Counter, say: Say): Promise<void> => {
  say(`saved ${(await checkInAll(store, counter)).envelope.id}`)
  say(`saved ${(await payCash(store, counter)).envelope.id}`)
}

/** The entries by which the server says that it has carried out everything up to `seq`. */
const decisions = (store: Store, counter: Counter, after: number, seq: number): readonly LogEntry[] => {
  const { device_id, facility_id } = counter.till
  const progress = { id: device_id, facility_id, last_seq: seq }
  const rows = written.flatMap((table_name) =>
    rowsOf(store, table_name).map((row) => ({ table_name, row_id: String(row['id']), row })),
  )
  return [...rows, { table_name: 'device_progress', row_id: device_id, row: progress }].map((entry, index) => ({
    ...entry,
    position: after + index + 1,
  }))
}

const applyDecisions = async (store: Store, counter: Counter, seq: number): Promise<void> => {
  const entries = decisions(store, counter, store.feedState.position, seq)
  const position = entries.at(-1)?.position ?? 0
  await store.apply({ entries, position, handle: 'handle-1', serverTime })
}

/** Somebody else's change under unsent work, so that it is undone, applied and run again. */
const applyChange = async (store: Store, counter: Counter): Promise<void> => {
  const position = store.feedState.position + 1
  const row = { ...counter.family, note: `Change ${position}` }
  const entry = { table_name: 'families', row_id: counter.family.id, position, row }
  await store.apply({ entries: [entry], position, handle: 'handle-1', serverTime })
}

/** The log was lost: a second replica fills, with what the server has, and takes over. */
const renew = async (store: Store, counter: Counter, seq: number): Promise<void> => {
  const loaded = entriesOf(counter.rows)
  const entries = [...loaded, ...decisions(store, counter, loaded.length, seq)]
  await store.startOver()
  await store.append(entries, 'handle-2')
  await store.completeLoad({ position: entries.length, handle: 'handle-2', serverTime })
}

/** One thing that a desk does; commands answer the id of what was saved. */
export interface Step {
  readonly name: string
  readonly run: (store: Store, counter: Counter) => Promise<string | undefined>
}

const command = (name: string, run: (store: Store, counter: Counter) => Promise<Saved>): Step => ({
  name,
  run: async (store, counter) => (await run(store, counter)).envelope.id,
})
const engine = (name: string, run: (store: Store, counter: Counter) => Promise<void>): Step => ({
  name,
  run: async (store, counter) => {
    await run(store, counter)
    return undefined
  },
})

/** Everything that writes: local work, the log under it, the server's decisions, a renewal, and work again. */
export const daySteps: readonly Step[] = [
  command('check in', checkInAll),
  command('take a payment', payCash),
  engine('apply a change', applyChange),
  engine('apply a decision', (store, counter) => applyDecisions(store, counter, 1)),
  command('mark attendance', (store, counter) => markPresent(store, counter)),
  engine('renew', (store, counter) => renew(store, counter, 2)),
  command('take another payment', (store, counter) => payCash(store, counter, 100)),
]

export const wholeDay = async (store: Store, counter: Counter, say: Say): Promise<void> => {
  for (const step of daySteps) {
    const id = await step.run(store, counter)
    if (id !== undefined) say(`saved ${id}`)
  }
}

/** A step of `desk.db` that touches what is there. */
export const laterMigration = `
  create table later (id text primary key, at text not null) strict;
  insert into later select id, at from mutations;
  alter table mutations add column later integer;
  update mutations set later = seq;
`

/** The first sync of a new computer, and its first work. */
export const firstDay = async (store: Store, counter: Counter, say: Say): Promise<void> => {
  const entries = entriesOf(counter.rows)
  await store.append(entries, 'handle-1')
  await store.completeLoad({ position: entries.length, handle: 'handle-1', serverTime })
  await serveFamily(store, counter, say)
}

const markPresent = (store: Store, counter: Counter) =>
  store.run(
    findCommand('attendance.mark', 1),
    {
      session_id: counter.session.id,
      marks: counter.children.map(({ id }) => ({ student_id: id, code: 'present', note: null })),
    },
    actorOf(counter),
  )
