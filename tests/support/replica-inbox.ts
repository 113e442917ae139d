import type { Database } from '../../src-shared/schema/tables.ts'
import { findCommand } from '../../src-shared/commands/index.ts'
import { inboxCount } from '../../src-shared/queries/inbox-count.ts'
import { inboxList } from '../../src-shared/queries/inbox.ts'
import { academy, contextWith } from './academy.ts'
import { entriesOf, type Rows } from './counter-rows.ts'
import { counterStore } from './counter-store.ts'
import { inboxItem } from './inbox-items.ts'
import { allocationOf, paymentOf } from './payment-args.ts'
import { actorOf } from './store.ts'

/** For each test the store of a counter, whose log brings items of the inbox. */
export const replicaInbox = () => {
  const { counter, store, folder } = counterStore()
  const place = { student_id: counter.children[0].id, session_id: counter.session.id }
  const checkIn = inboxItem({ args: { entries: [place] } })
  const payment = paymentOf(counter)(2000, [allocationOf(counter.invoices[1], 2000)])

  let position = 1000
  const arrive = (rows: Rows) => {
    const entries = entriesOf(rows, position)
    position += entries.length
    return store().apply({ entries, position, serverTime: '2026-11-21T05:13:00.000Z', handle: 'handle-1' })
  }
  const items = (...mutation_outcomes: Database['mutation_outcomes'][]) => arrive({ mutation_outcomes })
  const settlement = (over: Partial<Database['inbox_settlements']> = {}): Database['inbox_settlements'] => ({
    id: checkIn.id,
    facility_id: academy.facility_id,
    state: 'dropped',
    note: 'Nobody came',
    redone_by: null,
    at: '2026-11-21T05:10:00.000Z',
    staff_id: academy.staff_id,
    device_id: academy.device_id,
    ...over,
  })
  const run = (name: string, args: unknown) => store().run(findCommand(name, 1), args, actorOf(counter))
  const redo = () =>
    run('inbox.redo', {
      outcome_id: checkIn.id,
      also: [],
      note: null,
      command: 'check_in.record',
      version: 1,
      args: { entries: [place] },
    })
  const list = (context = contextWith()) => inboxList.run(store().replica.reads, {}, context)
  const count = (context = contextWith()) => inboxCount.run(store().replica.reads, {}, context)

  return { counter, store, folder, place, checkIn, payment, arrive, items, settlement, run, redo, list, count }
}
