import type { Kysely } from 'kysely'
import { z } from 'zod'
import { DomainError, type ErrorData, type ErrorDetails, errorCodes } from '../errors.ts'
import { withRowsOf } from '../ids.ts'
import { requirePermission } from '../rules/access.ts'
import { type Fact, factsOf } from '../rules/inbox-facts.ts'
import { type Suggestion, suggestionFor, suggestionOf } from '../rules/inbox-suggestions.ts'
import { areShortened } from '../rules/inbox-args.ts'
import { type Asked, askedOf, isNotice, redoCommand, workOf } from '../rules/inbox.ts'
import type { SearchDatabase } from '../schema/search-index.ts'
import type { Database } from '../schema/tables.ts'
import { firstOf, rightsOf, type StandingItem, type States, statesOf } from './inbox-rights.ts'
import { defineQuery, type QueryContext } from './query.ts'

type Settlement = Database['inbox_settlements']

/** Somebody at some desk, by name; null when it is not known. */
interface Where {
  readonly by: string | null
  readonly desk: string | null
}

export type InboxFact = Fact & Where

interface Shown {
  readonly id: string
  readonly outcome: 'merged' | 'refused'
  /** What was to be done; of an attempt to do it again, that. */
  readonly command: string
  readonly version: number
  /** As they were sent. Null for who may not read them, and when they are too many to tell or to show. */
  readonly args: unknown
  /** What it was is not for this person. */
  readonly is_hidden: boolean
  readonly is_attempt: boolean
  readonly error: ErrorData
  /** The device's clock at the click; null when the device did not say. */
  readonly at: string | null
  readonly decided_at: string
  readonly staff_id: string | null
  readonly by: string | null
  readonly desk: string | null
}

/** An item that nobody has settled yet. */
export interface InboxItem extends Shown {
  readonly instead: readonly InboxFact[]
  readonly suggestion: Suggestion
  /** It was about settling another item; then that one is `about`, unless the person may not read it. */
  readonly is_notice: boolean
  readonly about: Pick<Asked, 'command' | 'args'> | null
  /** Money changed hands and is in no book. */
  readonly is_money_unbooked: boolean
  /** What this person may do about it. */
  readonly may: { readonly accept: boolean; readonly drop: boolean; readonly redo: boolean }
  /** Where the person at another desk has to book it: the code of the till. */
  readonly till: string | null
  /** What failed because this was refused, and what was tried about it: one thing with it (FAULTS S7). */
  readonly under: readonly InboxItem[]
}

export interface SettledItem extends Shown {
  readonly settled: Pick<Settlement, 'state' | 'note' | 'at'> & Where
}

export interface Inbox {
  /** Newest first, those that follow from others under them. */
  readonly open: readonly InboxItem[]
  /** The last ones, newest first. */
  readonly settled: readonly SettledItem[]
}

/** More than a person reads at once. */
const mostShown = 200
const mostSettled = 20
/** Longer arguments are read on their own (`inbox.sent`). */
const longestArgs = 100_000

const itemsOf = (db: Kysely<SearchDatabase>) =>
  db
    .selectFrom('mutation_outcomes as item')
    .leftJoin('inbox_settlements as settled', 'settled.id', 'item.id')
    .leftJoin('staff', 'staff.id', 'item.staff_id')
    .leftJoin('devices as device', 'device.id', 'item.device_id')
    .leftJoin('tills as till', 'till.device_id', 'item.device_id')
    .selectAll('item')
    .select(['staff.first_name', 'staff.last_name', 'device.name as desk', 'till.code as till'])

type ItemRow = Awaited<ReturnType<ReturnType<typeof itemsOf>['execute']>>[number]

const nameOf = (first: string | null, last: string | null): string | null =>
  first === null ? null : `${first} ${last ?? ''}`.trim()

/** A code of a newer server is shown by its message alone. */
const errorOf = ({ code, message, details }: ItemRow): ErrorData => ({
  code: errorCodes.find((known) => known === code) ?? 'unexpected',
  message,
  // The server wrote it with the outcome.
  details: JSON.parse(details) as ErrorDetails,
})

const shown = (row: ItemRow, asked: Asked, { permissions }: QueryContext): Shown => {
  const isHidden = !permissions.has(workOf(asked.command).readers)
  const error = errorOf(row)
  return {
    id: row.id,
    outcome: row.outcome,
    command: asked.command,
    version: asked.version,
    args: isHidden || row.args.length > longestArgs || areShortened(asked.args) ? null : asked.args,
    is_hidden: isHidden,
    is_attempt: row.command === redoCommand,
    error: isHidden ? { code: error.code, message: '', details: {} } : error,
    at: row.at,
    decided_at: row.decided_at,
    staff_id: row.staff_id,
    by: nameOf(row.first_name, row.last_name),
    desk: row.desk,
  }
}

interface Names {
  readonly staff: ReadonlyMap<string, string>
  readonly desks: ReadonlyMap<string, string>
}

const namesIn = async (db: Kysely<SearchDatabase>, facts: readonly Fact[]): Promise<Names> => {
  const ids = (key: 'staff_id' | 'device_id') =>
    facts.flatMap((fact) => ('at' in fact && fact[key] !== null ? [fact[key]] : []))
  const staff = await db
    .selectFrom('staff')
    .select(['id', 'first_name', 'last_name'])
    .where('id', 'in', ids('staff_id'))
    .execute()
  const desks = await db.selectFrom('devices').select(['id', 'name']).where('id', 'in', ids('device_id')).execute()
  return {
    staff: new Map(staff.map(({ id, first_name, last_name }) => [id, `${first_name} ${last_name}`])),
    desks: new Map(desks.map(({ id, name }) => [id, name])),
  }
}

const named = (fact: Fact, { staff, desks }: Names): InboxFact =>
  'at' in fact
    ? { ...fact, by: staff.get(fact.staff_id ?? '') ?? null, desk: desks.get(fact.device_id ?? '') ?? null }
    : { ...fact, by: null, desk: null }

interface Facts {
  readonly states: States
  readonly names: Names
  readonly context: QueryContext
}

const openItem = (row: ItemRow, { states, names, context }: Facts): InboxItem => {
  const asked = askedOf(row)
  const item = shown(row, asked, context)
  const { isUnbooked: is_money_unbooked, isElsewhere, ...may } = rightsOf(row, states, context)
  const cause = row.caused_by === null ? undefined : states.get(row.caused_by)
  const isCauseRedone = row.caused_by !== null && cause?.redone_by != null
  const suggested = suggestionNow(row, asked, cause)
  return {
    ...item,
    // What it follows from was done again: the rows that it names have other ids now.
    args: isCauseRedone ? withRowsOf(item.args, row.caused_by ?? '', cause.redone_by ?? '') : item.args,
    instead: item.is_hidden ? [] : factsOf(row.instead).map((fact) => named(fact, names)),
    suggestion: suggested === 'book_the_money' && !is_money_unbooked ? 'nothing_to_do' : suggested,
    is_notice: isNotice(row),
    about: isNotice(row) ? aboutOf(states.get(row.caused_by ?? ''), context) : null,
    is_money_unbooked,
    may: { ...may, redo: may.redo && item.args !== null },
    till: isElsewhere ? (firstOf(row, states) ?? row).till : null,
    under: [],
  }
}

/** What it follows from is not in the way any more once that is settled. */
const suggestionNow = (row: ItemRow, { command }: Asked, cause: StandingItem | undefined): Suggestion => {
  const suggestion = suggestionOf(row.suggestion)
  if (suggestion !== 'first_the_other' || !cause?.state) return suggestion
  const isRedone = cause.state === 'redone'
  if (isRedone && row.command === redoCommand) return 'nothing_to_do'
  // What was missing is there now.
  const code = isRedone ? '' : row.code
  return suggestionFor({ command, outcome: row.outcome, code, caused_by: null })
}

const aboutOf = (item: StandingItem | undefined, { permissions }: QueryContext): InboxItem['about'] => {
  const asked = item && askedOf(item)
  return asked && permissions.has(workOf(asked.command).readers) ? asked : null
}

/** What follows from an item that is open goes under it. */
const grouped = (rows: readonly ItemRow[], items: readonly InboxItem[]): readonly InboxItem[] => {
  const open = new Set(rows.map(({ id }) => id))
  const rootOf = (index: number): string | null => {
    const cause = rows[index]?.caused_by ?? null
    return cause !== null && open.has(cause) ? cause : null
  }
  const under = Map.groupBy(
    items.filter((_, index) => rootOf(index) !== null),
    ({ id }) => rows.find((row) => row.id === id)?.caused_by,
  )
  return items
    .filter((_, index) => rootOf(index) === null)
    .map((item) => ({
      ...item,
      under: (under.get(item.id) ?? []).toSorted((a, b) => (a.decided_at < b.decided_at ? -1 : 1)),
    }))
}

const openRows = (db: Kysely<SearchDatabase>) =>
  itemsOf(db)
    .where('settled.id', 'is', null)
    .orderBy('item.decided_at', 'desc')
    .orderBy('item.id', 'desc')
    .limit(mostShown)
    .execute()

const settledItems = async (db: Kysely<SearchDatabase>, context: QueryContext): Promise<readonly SettledItem[]> => {
  const rows = await itemsOf(db)
    .innerJoin('inbox_settlements as how', 'how.id', 'item.id')
    .leftJoin('staff as settler', 'settler.id', 'how.staff_id')
    .leftJoin('devices as place', 'place.id', 'how.device_id')
    .select(['how.state', 'how.note', 'how.at as settled_at', 'place.name as settled_desk'])
    .select(['settler.first_name as settler_first', 'settler.last_name as settler_last'])
    .where('item.id', 'in', (eb) =>
      eb.selectFrom('inbox_settlements').select('id').orderBy('at', 'desc').orderBy('id', 'desc').limit(mostSettled),
    )
    .orderBy('how.at', 'desc')
    .orderBy('item.id', 'desc')
    .execute()
  return rows.map((row) => {
    const item = shown(row, askedOf(row), context)
    return {
      ...item,
      settled: {
        state: row.state,
        note: item.is_hidden ? null : row.note,
        at: row.settled_at,
        by: nameOf(row.settler_first, row.settler_last),
        desk: row.settled_desk,
      },
    }
  })
}

/** What did not go through as sent at this facility, at whichever desk, until a person settles it (promise 4). */
export const inboxList = defineQuery({
  name: 'inbox.list',
  args: z.strictObject({}),
  permission: 'classes.read',

  async run(db, _args, context): Promise<Inbox> {
    const rows = await openRows(db)
    const states = await statesOf(db, rows)
    const names = await namesIn(
      db,
      rows.flatMap((row) => factsOf(row.instead)),
    )
    const items = rows.map((row) => openItem(row, { states, names, context }))
    return { open: grouped(rows, items), settled: await settledItems(db, context) }
  },
})

/** Everything that is told of what was sent with an item, however much. */
export const inboxSent = defineQuery({
  name: 'inbox.sent',
  args: z.strictObject({ outcome_id: z.uuid() }),
  permission: 'classes.read',

  async run(db, { outcome_id }, { permissions }): Promise<{ readonly args: string }> {
    const item = await db
      .selectFrom('mutation_outcomes')
      .select(['command', 'version', 'args'])
      .where('id', '=', outcome_id)
      .executeTakeFirst()
    if (!item) throw new DomainError('not_found', 'This is not in the inbox here.', { outcome_id })
    requirePermission(permissions, workOf(askedOf(item).command).readers)
    return { args: item.args }
  },
})
