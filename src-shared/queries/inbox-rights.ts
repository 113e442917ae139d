import type { Kysely } from 'kysely'
import {
  askedOf,
  bookedAmong,
  doneAllTheSame,
  isDoneAgain,
  isMoneyUnbooked,
  isNotice,
  isSettledByRoot,
  type Item,
  letMoneyGo,
  redoneItemOf,
  type Root,
  rootOf,
  standingOf,
  workOf,
} from '../rules/inbox.ts'
import type { SearchDatabase } from '../schema/search-index.ts'
import type { Database } from '../schema/tables.ts'
import type { QueryContext } from './query.ts'

type Settlement = Database['inbox_settlements']

/** An item that others are about, and how it stands: both null while it is open. With the code of its device's till. */
export type StandingItem = Pick<Item, 'command' | 'version' | 'args' | 'outcome' | 'device_id'> & {
  readonly till: string | null
  readonly state: Settlement['state'] | null
  readonly redone_by: string | null
}
export type States = ReadonlyMap<string, StandingItem>

/** Stands for a payment that is no item any more. */
const bookedPayment: StandingItem = {
  command: 'payment.take',
  version: 1,
  args: 'null',
  outcome: 'merged',
  device_id: '',
  till: null,
  state: null,
  redone_by: null,
}

/** How the items stand that these were about, in the end too, or follow from; without those that are not there. */
export const statesOf = async (
  db: Kysely<SearchDatabase>,
  rows: readonly Pick<Item, 'command' | 'args' | 'caused_by'>[],
): Promise<States> => {
  const states = new Map<string, StandingItem>()
  let ids = new Set(rows.flatMap((row) => [row.caused_by, redoneItemOf(row)]).filter((id) => id != null))
  while (ids.size > 0) {
    const found = await db
      .selectFrom('mutation_outcomes as item')
      .leftJoin('inbox_settlements as settled', 'settled.id', 'item.id')
      .leftJoin('tills as till', 'till.device_id', 'item.device_id')
      .select(['item.id', 'item.command', 'item.version', 'item.args', 'item.outcome', 'item.device_id'])
      .select(['till.code as till', 'settled.state', 'settled.redone_by'])
      .where('item.id', 'in', [...ids])
      .execute()
    for (const item of found) states.set(item.id, item)
    const missing = [...ids].filter((id) => !states.has(id))
    for (const id of await bookedAmong(db, missing)) states.set(id, bookedPayment)
    ids = new Set(found.flatMap((item) => redoneItemOf(item) ?? []).filter((id) => !states.has(id)))
  }
  const standings = [...states].map(([id, { state }]) => [id, state] as const)
  for (const { caused_by, state, redone_by } of await doneAllTheSame(db, standings)) {
    const root = states.get(caused_by ?? '')
    if (root) states.set(caused_by ?? '', { ...root, state, redone_by })
  }
  return states
}

const rootAmong = (row: Item, states: States): Root | undefined =>
  rootOf(row, (id) => {
    const found = states.get(id)
    return found && { ...found, standing: standingOf(found.outcome, found.state) }
  })

export interface Rights {
  readonly accept: boolean
  readonly drop: boolean
  readonly redo: boolean
  /** Money changed hands and is in no book. */
  readonly isUnbooked: boolean
  /** It is in the till of another desk, and is booked there. */
  readonly isElsewhere: boolean
}

/** What an attempt is about in the first place, where that is there: its money, if any, is what was taken. */
export const firstOf = (row: Item, states: States): StandingItem | undefined => {
  const root = rootAmong(row, states)
  return root && states.get(root.id)
}

/** What somebody with these permissions may do about an item. */
export const rightsOf = (row: Item, states: States, { permissions, deviceId }: QueryContext): Rights => {
  const { command } = askedOf(row)
  const may = permissions.has(workOf(command).permission)
  const ofRoot = rootAmong(row, states)?.standing
  const unbooked = isMoneyUnbooked(row, ofRoot)
  const isRefusedWork = row.outcome === 'refused' && !isNotice(row)
  const at = firstOf(row, states)?.device_id ?? row.device_id
  const isElsewhere = may && unbooked && at !== deviceId && !permissions.has(letMoneyGo)
  return {
    accept: may && !unbooked,
    drop: may && isRefusedWork && (!unbooked || permissions.has(letMoneyGo)),
    redo: may && isRefusedWork && isDoneAgain(command) && !isElsewhere && !isSettledByRoot(ofRoot),
    isUnbooked: unbooked,
    isElsewhere,
  }
}
