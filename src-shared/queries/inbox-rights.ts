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
  rootOf,
  type Standing,
  standingOf,
  workOf,
} from '../rules/inbox.ts'
import type { SearchDatabase } from '../schema/search-index.ts'
import type { Database } from '../schema/tables.ts'
import type { QueryContext } from './query.ts'

type Settlement = Database['inbox_settlements']

/** An item that others are about, and how it stands: both null while it is open. */
export type StandingItem = Pick<Item, 'command' | 'version' | 'args' | 'outcome'> & {
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
      .select(['item.id', 'item.command', 'item.version', 'item.args', 'item.outcome'])
      .select(['settled.state', 'settled.redone_by'])
      .where('item.id', 'in', [...ids])
      .execute()
    for (const item of found) states.set(item.id, item)
    for (const id of await bookedAmong(
      db,
      [...ids].filter((id) => !states.has(id)),
    )) {
      states.set(id, bookedPayment)
    }
    ids = new Set(found.flatMap((item) => redoneItemOf(item) ?? []).filter((id) => !states.has(id)))
  }
  const standings = [...states].map(([id, { state }]) => [id, state] as const)
  for (const { caused_by, state, redone_by } of await doneAllTheSame(db, standings)) {
    const root = states.get(caused_by ?? '')
    if (root) states.set(caused_by ?? '', { ...root, state, redone_by })
  }
  return states
}

const standingOfRoot = (row: Item, states: States): Standing | undefined =>
  rootOf(row, (id) => {
    const found = states.get(id)
    return found && { ...found, standing: standingOf(found.outcome, found.state) }
  })?.standing

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
  const ofRoot = standingOfRoot(row, states)
  const unbooked = isMoneyUnbooked(row, ofRoot)
  const isRefusedWork = row.outcome === 'refused' && !isNotice(row)
  const isElsewhere = may && unbooked && row.device_id !== deviceId && !permissions.has(letMoneyGo)
  return {
    accept: may && !unbooked,
    drop: may && isRefusedWork && (!unbooked || permissions.has(letMoneyGo)),
    redo: may && isRefusedWork && isDoneAgain(command) && !isElsewhere && !isSettledByRoot(ofRoot),
    isUnbooked: unbooked,
    isElsewhere,
  }
}
