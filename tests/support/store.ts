import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { findCommand } from '../../src-shared/commands/index.ts'
import { permissions } from '../../src-shared/permissions.ts'
import { Store, type StoreParts } from '../../src-main/data/store.ts'
import { type Counter, entriesOf } from './counter-rows.ts'
import { environmentWith } from './environment.ts'

export const temporaryFolder = (): string => mkdtempSync(path.join(tmpdir(), 'foyer-test-'))
export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true })

const testKey = new Uint8Array(32).fill(7)
/** 16:12 in Melbourne. */
export const testNow = Date.parse('2026-11-21T05:12:00.000Z')

export const storeParts = (folder: string, { till }: Pick<Counter, 'till'>): StoreParts => ({
  folder,
  key: testKey,
  profile: {
    device_id: till.device_id,
    facility_id: till.facility_id,
    till: { id: till.id, code: till.code },
  },
  environment: environmentWith({ now: () => testNow }),
})

/** The staff member of the counter's rows, who may do everything. */
export const actorOf = ({ staff }: Pick<Counter, 'staff'>) => ({
  staffId: staff.id,
  leaseId: '00000000-0000-4000-8000-000000000001',
  permissions: new Set(permissions),
})

/** A store whose first sync brought the counter's rows. */
export const openCounterStore = async (folder: string, counter: Counter): Promise<Store> => {
  const store = await Store.open(storeParts(folder, counter))
  const entries = entriesOf(counter.rows)
  await store.append(entries, 'handle-1')
  await store.completeLoad({ position: entries.length, handle: 'handle-1', serverTime: '2026-11-21T05:00:00.000Z' })
  return store
}

export const checkInAll = (store: Store, counter: Counter) =>
  store.run(
    findCommand('check_in.record', 1),
    { entries: counter.children.map(({ id }) => ({ student_id: id, session_id: counter.session.id })) },
    actorOf(counter),
  )

export const payCash = (store: Store, counter: Counter, amount = 6400) =>
  store.run(
    findCommand('payment.take', 1),
    {
      family_id: counter.family.id,
      method_id: counter.cash.id,
      amount,
      tendered: 10_000,
      reference: null,
      allocations: [{ invoice_id: counter.invoices[0].id, amount, already_paid: 0 }],
    },
    actorOf(counter),
  )

/** The rows of one table, as the window would read them. */
export const rowsOf = (store: Store, table: string): readonly Record<string, unknown>[] =>
  store.replica.db.prepare(`select * from "${table}" order by id`).all() as Record<string, unknown>[]
