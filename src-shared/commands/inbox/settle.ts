import type { Transaction } from 'kysely'
import { z } from 'zod'
import { DomainError } from '../../errors.ts'
import { requirePermission } from '../../rules/access.ts'
import { askedOf, findItem, holdsUnbookedMoney, type Item, settlementOf, workOf } from '../../rules/inbox.ts'
import { idSchema } from '../../schema/columns.ts'
import type { Database } from '../../schema/tables.ts'
import type { CommandRun } from '../command.ts'

type Tx = Transaction<Database>

/** The item, and what is shown under it and settled along with it: only what the person saw. */
export const whichItems = {
  outcome_id: idSchema,
  also: z.array(idSchema).max(200),
}

interface Which {
  readonly outcome_id: string
  readonly also: readonly string[]
}

interface Settlement {
  readonly state: Database['inbox_settlements']['state']
  readonly note: string | null
  readonly redone_by: string | null
}

/** The item, for somebody who may settle it. Throws `not_found`, `forbidden`. */
export const requireItem = async (tx: Tx, id: string, run: CommandRun): Promise<Item> => {
  const item = await findItem(tx, id)
  if (!item) throw new DomainError('not_found', 'This is not in the inbox here.', { outcome_id: id })
  requirePermission(run.permissions, workOf(askedOf(item).command).permission)
  return item
}

/** What goes along with an item was caused by it. Throws when it was not, or the person may not settle it. */
export const requireItemsUnder = async (tx: Tx, { outcome_id, also }: Which, run: CommandRun): Promise<Item[]> => {
  const items: Item[] = []
  for (const id of also) {
    const item = await requireItem(tx, id, run)
    if (item.caused_by !== outcome_id) {
      throw new DomainError('invalid_input', 'This does not follow from the item.', { outcome_id: id })
    }
    items.push(item)
  }
  return items
}

/** The ids of those for which money changed hands that is in no book; to be asked before any of them is settled. */
export const unbookedAmong = async (tx: Tx, items: readonly Item[]): Promise<ReadonlySet<string>> => {
  const unbooked = new Set<string>()
  for (const item of items) if (await holdsUnbookedMoney(tx, item)) unbooked.add(item.id)
  return unbooked
}

/**
 * Settles an item, unless somebody was faster: many desks settle at once, one of them wins (the row's id is the item's).
 * Answers how the item was settled before, if it was.
 */
export const settle = async (
  tx: Tx,
  id: string,
  settlement: Settlement,
  run: CommandRun,
): Promise<Database['inbox_settlements'] | undefined> => {
  const { facilityId: facility_id, at, staffId: staff_id, deviceId: device_id } = run
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('inbox_settlements')
    .values({ id, facility_id, ...settlement, at, staff_id, device_id })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirst()
  return Number(numInsertedOrUpdatedRows ?? 0) === 1 ? undefined : settlementOf(tx, id)
}

/** Throws what tells the person who was later. */
export const refuseSettled = ({ state, staff_id, device_id, at }: Database['inbox_settlements']): never => {
  throw new DomainError('already_settled', 'Somebody has settled this already.', { state, staff_id, device_id, at })
}
