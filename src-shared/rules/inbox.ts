import type { Kysely, Transaction } from 'kysely'
import { z } from 'zod'
import { rowIdsOf } from '../ids.ts'
import type { Permission } from '../permissions.ts'
import { idSchema, integerSchema } from '../schema/columns.ts'
import type { Database } from '../schema/tables.ts'

/** What the inbox knows of a command without running it. A test holds it to the commands themselves. */
export interface Work {
  /** Whoever could have done it may settle it. */
  readonly permission: Permission
  /** Who may read what was asked, and what there is instead. */
  readonly readers: Permission
  /** Money changed hands: as long as it is in no book, nobody lets it go without a right and a reason. */
  readonly holdsMoney: boolean
}

export const inboxWork: Readonly<Record<string, Work>> = {
  'check_in.record': { permission: 'check_ins.record', readers: 'classes.read', holdsMoney: false },
  'check_in.undo': { permission: 'check_ins.record', readers: 'classes.read', holdsMoney: false },
  'check_out.record': { permission: 'check_ins.record', readers: 'classes.read', holdsMoney: false },
  'attendance.mark': { permission: 'attendance.record', readers: 'classes.read', holdsMoney: false },
  'attendance.walk_in': { permission: 'attendance.record', readers: 'classes.read', holdsMoney: false },
  'roll.close': { permission: 'attendance.record', readers: 'classes.read', holdsMoney: false },
  'payment.take': { permission: 'payments.take', readers: 'money.read', holdsMoney: true },
  'payment.void': { permission: 'payments.void', readers: 'money.read', holdsMoney: false },
  // It may have been money: somebody compares with the paper before it goes (lost-work.ts).
  'work.lost': { permission: 'payments.void', readers: 'classes.read', holdsMoney: true },
  'inbox.accept': { permission: 'classes.read', readers: 'classes.read', holdsMoney: false },
  'inbox.drop': { permission: 'classes.read', readers: 'classes.read', holdsMoney: false },
}

/** Something that this program cannot read may be anything, money too: it is left to who may take payments back. */
const unknownWork: Work = { permission: 'payments.void', readers: 'money.read', holdsMoney: true }

export const workOf = (command: string): Work =>
  Object.hasOwn(inboxWork, command) ? (inboxWork[command] ?? unknownWork) : unknownWork

/** Who lets money go that changed hands and is in no book. */
export const letMoneyGo: Permission = 'payments.void'

export const redoCommand = 'inbox.redo'

/** Whether there is anything that could be done again. */
export const isDoneAgain = (command: string): boolean =>
  Object.hasOwn(inboxWork, command) && command !== 'work.lost' && !isNotice({ command })

/** What an attempt to do something again says of it. */
const attempt = z.object({
  outcome_id: idSchema,
  command: z.string(),
  version: integerSchema,
  args: z.unknown(),
})

export interface Asked {
  readonly command: string
  readonly version: number
  readonly args: unknown
}

/** An item as the rules need it. */
export type Item = Pick<
  Database['mutation_outcomes'],
  'id' | 'command' | 'version' | 'args' | 'at' | 'outcome' | 'caused_by' | 'device_id'
>

const parsed = (json: string): unknown => JSON.parse(json)

const attemptOf = (item: Pick<Item, 'command' | 'args'>): z.infer<typeof attempt> | undefined =>
  item.command === redoCommand ? attempt.safeParse(parsed(item.args)).data : undefined

/** What was to be done; of an attempt to do it again, that. */
export const askedOf = (item: Pick<Item, 'command' | 'version' | 'args'>): Asked =>
  attemptOf(item) ?? { command: item.command, version: item.version, args: parsed(item.args) }

/** The item was about another item, and asks for nothing else: to be read, not to be done again. */
export const isNotice = ({ command }: Pick<Item, 'command'>): boolean =>
  command === 'inbox.accept' || command === 'inbox.drop'

/** The item, if it was about doing another one again. */
export const redoneItemOf = (item: Pick<Item, 'command' | 'args'>): string | undefined => attemptOf(item)?.outcome_id

/** How an item stands. */
export type Standing = 'open' | Database['inbox_settlements']['state'] | 'missing'

/** What was merged is done, however somebody settled it. */
export const standingOf = (outcome: Item['outcome'], state: Database['inbox_settlements']['state'] | null): Standing =>
  outcome === 'merged' ? 'redone' : (state ?? 'open')

export interface Root {
  readonly id: string
  readonly standing: Standing
}

/** Deeper than anybody tries; what names itself in a circle has no root. */
const deepestAttempt = 20

/**
 * Follows an attempt to do something again to what was to be done in the first place: an attempt at an attempt is about the
 * same work. Undefined for an item that is no attempt.
 */
export const rootOf = (
  item: Pick<Item, 'command' | 'args'>,
  known: (id: string) => (Pick<Item, 'command' | 'args'> & { readonly standing: Standing }) | undefined,
): Root | undefined => {
  let id = redoneItemOf(item)
  if (id === undefined) return undefined
  for (let depth = 0; depth < deepestAttempt; depth += 1) {
    const found = known(id)
    const next = found && redoneItemOf(found)
    if (next === undefined) return { id, standing: found?.standing ?? 'missing' }
    id = next
  }
  return { id, standing: 'missing' }
}

/** Whether the work of an attempt is done, or still to be done, in another place: `ofRoot` says how that stands. */
export const isSettledByRoot = (ofRoot: Standing | undefined): boolean => ofRoot === 'open' || ofRoot === 'redone'

/**
 * Whether money changed hands for the item that is in no book. The money of an attempt to do something again belongs to
 * what was to be done again, as long as that is open, or was done: `ofRoot` says how that one stands, undefined for what is
 * no attempt.
 */
export const isMoneyUnbooked = (item: Item, ofRoot: Standing | undefined): boolean =>
  item.outcome === 'refused' && workOf(askedOf(item).command).holdsMoney && !isSettledByRoot(ofRoot)

/** The amount of a payment, as far as the arguments have one. */
export const amountIn = (args: unknown): number | undefined =>
  z.object({ amount: integerSchema }).safeParse(args).data?.amount

const itemColumns = ['id', 'command', 'version', 'args', 'at', 'outcome', 'caused_by', 'device_id'] as const

export const findItem = (tx: Transaction<Database>, id: string): Promise<Item | undefined> =>
  tx.selectFrom('mutation_outcomes').select(itemColumns).where('id', '=', id).executeTakeFirst()

export const settlementOf = (
  tx: Transaction<Database>,
  id: string,
): Promise<Database['inbox_settlements'] | undefined> =>
  tx.selectFrom('inbox_settlements').selectAll().where('id', '=', id).executeTakeFirst()

const isGivenUp = (standing: Standing | null): boolean => standing === 'accepted' || standing === 'dropped'

/**
 * How attempts at these were done again, although they themselves were given up: then they are done, and no other attempt is.
 * Attempts at attempts are among them: what those follow from is the first of the chain.
 */
export const doneAllTheSame = (
  db: Kysely<Database>,
  roots: Iterable<readonly [id: string, standing: Standing | null]>,
): Promise<(Database['inbox_settlements'] & { readonly caused_by: string | null })[]> =>
  db
    .selectFrom('mutation_outcomes as attempt')
    .innerJoin('inbox_settlements as settled', 'settled.id', 'attempt.id')
    .selectAll('settled')
    .select('attempt.caused_by')
    .where(
      'attempt.caused_by',
      'in',
      [...roots].flatMap(([id, standing]) => (isGivenUp(standing) ? [id] : [])),
    )
    .where('attempt.command', '=', redoCommand)
    .where('settled.state', '=', 'redone')
    .execute()

/**
 * Those of these mutations that have booked a payment. A server that was set back may have carried out what it had refused
 * before; then no item is left of it, but its first row.
 */
export const bookedAmong = async (db: Kysely<Database>, ids: readonly string[]): Promise<readonly string[]> => {
  const payments = new Map(ids.map((id) => [rowIdsOf(id)(), id]))
  const found = await db
    .selectFrom('payments')
    .select('id')
    .where('id', 'in', [...payments.keys()])
    .execute()
  return found.map(({ id }) => payments.get(id) ?? '')
}

/** The same as `rootOf`, for one item; of what was given up the attempt that was done all the same. */
export const findRoot = async (tx: Transaction<Database>, item: Item): Promise<Root | undefined> => {
  const known = new Map<string, Item & { readonly standing: Standing }>()
  for (let id = redoneItemOf(item); id !== undefined && !known.has(id);) {
    const found = await findItem(tx, id)
    if (!found) break
    known.set(id, { ...found, standing: standingOf(found.outcome, (await settlementOf(tx, id))?.state ?? null) })
    id = redoneItemOf(found)
  }
  const root = rootOf(item, (id) => known.get(id))
  if (root?.standing === 'missing' && (await bookedAmong(tx, [root.id])).length > 0)
    return { ...root, standing: 'redone' }
  const [done] = root && isGivenUp(root.standing) ? await doneAllTheSame(tx, [[root.id, root.standing]]) : []
  return done ? { id: done.id, standing: done.state } : root
}

/** The same as `isMoneyUnbooked`, for one item. */
export const holdsUnbookedMoney = async (tx: Transaction<Database>, item: Item): Promise<boolean> =>
  isMoneyUnbooked(item, (await findRoot(tx, item))?.standing)
