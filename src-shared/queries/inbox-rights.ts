import type { Kysely } from 'kysely'
import {
  askedOf,
  inboxWork,
  isMoneyUnbooked,
  isNotice,
  type Item,
  letMoneyGo,
  redoneItemOf,
  workOf,
} from '../rules/inbox.ts'
import type { SearchDatabase } from '../schema/search-index.ts'
import type { Database } from '../schema/tables.ts'
import type { QueryContext } from './query.ts'

type Settlement = Database['inbox_settlements']

export type States = ReadonlyMap<string, Pick<Settlement, 'state' | 'redone_by'> | undefined>

/** How the items stand that these were about, or follow from; without those that are not there. */
export const statesOf = async (
  db: Kysely<SearchDatabase>,
  rows: readonly Pick<Item, 'command' | 'args' | 'caused_by'>[],
) => {
  const ids = new Set(rows.flatMap((row) => [row.caused_by, redoneItemOf(row)]).filter((id) => id != null))
  if (ids.size === 0) return new Map() as States
  const found = await db
    .selectFrom('mutation_outcomes as item')
    .leftJoin('inbox_settlements as settled', 'settled.id', 'item.id')
    .select(['item.id', 'settled.state', 'settled.redone_by'])
    .where('item.id', 'in', [...ids])
    .execute()
  const states: States = new Map(
    found.map(({ id, state, redone_by }) => [id, state === null ? undefined : { state, redone_by }]),
  )
  return states
}

const isUnbooked = (row: Item, states: States): boolean => {
  const redone = redoneItemOf(row)
  if (redone === undefined || !states.has(redone)) return isMoneyUnbooked(row, 'missing')
  return isMoneyUnbooked(row, states.get(redone)?.state ?? 'open')
}

export interface Rights {
  readonly accept: boolean
  readonly drop: boolean
  readonly redo: boolean
  /** Money changed hands and is in no book. */
  readonly isUnbooked: boolean
  /** It is in the till of another desk, and is booked there. */
  readonly isElsewhere: boolean
}

/** What somebody with these permissions may do about an item. */
export const rightsOf = (row: Item, states: States, { permissions, deviceId }: QueryContext): Rights => {
  const { command } = askedOf(row)
  const may = permissions.has(workOf(command).permission)
  const unbooked = isUnbooked(row, states)
  const isElsewhere = unbooked && row.device_id !== deviceId && !permissions.has(letMoneyGo)
  return {
    accept: may && !unbooked,
    drop: may && !isNotice(row) && (!unbooked || permissions.has(letMoneyGo)),
    redo: may && row.outcome === 'refused' && !isNotice(row) && Object.hasOwn(inboxWork, command) && !isElsewhere,
    isUnbooked: unbooked,
    isElsewhere,
  }
}
