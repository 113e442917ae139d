import type { Transaction } from 'kysely'
import { z } from 'zod'
import { DomainError } from '../../errors.ts'
import { formatHlc } from '../../hlc.ts'
import { requirePermission } from '../../rules/access.ts'
import {
  amountIn,
  askedOf,
  findItem,
  findRoot,
  isMoneyUnbooked,
  isNotice,
  type Item,
  letMoneyGo,
  redoCommand,
  redoneItemOf,
  type Root,
  settlementOf,
} from '../../rules/inbox.ts'
import { integerSchema, sharedText } from '../../schema/columns.ts'
import type { Database } from '../../schema/tables.ts'
import { applyCommand, type Command, type CommandRun, defineCommand } from '../command.ts'
import { drawsNumber, findWork } from '../work.ts'
import { refuseSettled, requireItem, requireItemsUnder, settle, whichItems } from './settle.ts'

const redoArgs = z.strictObject({
  ...whichItems,
  note: sharedText(1000).nullable(),
  /** The command of the item, so that this can be read, and draws its number, without the item. */
  command: sharedText(100),
  version: integerSchema.min(1),
  args: z.unknown(),
})
type RedoArgs = z.infer<typeof redoArgs>

/**
 * Does what was refused again, with other arguments, and settles the item, both or neither: a refusal leaves it open. It
 * is a mutation of its own, so its rows, and the receipt number that it draws, are new ones. What was merged has had its
 * effect and is not done again.
 */
const redo = (version: number): Command<RedoArgs> => ({
  name: redoCommand,
  version,
  args: redoArgs,
  permission: 'classes.read',
  drawsReceiptNumber: (again) => drawsNumber(again.command, again.version),

  async apply(tx, again, run) {
    const item = await requireItem(tx, again.outcome_id, run)
    const command = requireSameWork(item, again)
    const under = await requireItemsUnder(tx, again, run)
    if (!under.every((one) => isNotice(one) || redoneItemOf(one) === item.id)) {
      throw new DomainError('invalid_input', 'What follows from the item is not done by doing it again.')
    }
    const root = await requireNothingElsewhere(tx, item, run)
    const isUnbooked = isMoneyUnbooked(item, root?.standing)
    const { note } = again
    const earlier = await settle(tx, item.id, { state: 'redone', note, redone_by: run.mutationId }, run)
    if (earlier) refuseSettled(earlier)
    for (const { id } of under) await settle(tx, id, { state: 'accepted', note, redone_by: null }, run)
    // Whoever attempted it, where and for how much: the money is that of the payment itself.
    if (isUnbooked) await requireSameMoney(tx, (root && (await findItem(tx, root.id))) ?? item, again, run)
    return applyCommand(tx, command, again.args, version > 1 && tellsWhen.has(command.name) ? asOfThen(item, run) : run)
  },
})

export const redoItem = defineCommand(redo(2))
/** What desks of before send: all is of now. */
export const redoItemAsOfNow = defineCommand(redo(1))

/** Children came and went when somebody saw it, not when the item is settled. Marks and money are of now: they are decided now. */
const tellsWhen: ReadonlySet<string> = new Set(['check_in.record', 'check_out.record'])

const asOfThen = ({ at, device_id }: Item, run: CommandRun): CommandRun =>
  at === null || at > run.at ? run : { ...run, at, hlc: formatHlc({ ms: Date.parse(at), counter: 0 }, device_id) }

/** One thing is done once: an attempt at it that failed is done again only where nobody can do the thing itself any more. Answers with that. */
const requireNothingElsewhere = async (
  tx: Transaction<Database>,
  item: Item,
  { lock, facilityId }: CommandRun,
): Promise<Root | undefined> => {
  // Two attempts at one thing have no row in common that can be locked.
  if (redoneItemOf(item) !== undefined) await lock('facilities', facilityId)
  const root = await findRoot(tx, item)
  if (root?.standing === 'open') {
    throw new DomainError('invalid_input', 'This was an attempt at something that is still open. Do that again.', {
      outcome_id: root.id,
    })
  }
  if (root?.standing !== 'redone') return root
  const settlement = await settlementOf(tx, root.id)
  if (settlement?.state === 'redone') refuseSettled(settlement)
  throw doneAlready()
}

const doneAlready = () => new DomainError('invalid_input', 'This was done already, and is not done twice.')

const requireSameWork = (item: Item, { command, version }: RedoArgs) => {
  if (item.outcome === 'merged' || isNotice(item)) {
    throw doneAlready()
  }
  if (askedOf(item).command !== command) {
    throw new DomainError('invalid_input', 'This is not what the item asks for.', { path: 'command' })
  }
  return findWork(command, version)
}

/**
 * The money is in the drawer of the desk that took it, and as much as was taken: only who may take payments back books it
 * at another till, or books less, and says why.
 */
const requireSameMoney = async (
  tx: Transaction<Database>,
  item: Item,
  { args, note }: RedoArgs,
  run: CommandRun,
): Promise<void> => {
  if (item.device_id !== run.deviceId && !run.permissions.has(letMoneyGo)) {
    const till = await tx.selectFrom('tills').select('code').where('device_id', '=', item.device_id).executeTakeFirst()
    throw new DomainError('forbidden', 'This money is in the till of another desk. Book it there, or ask a manager.', {
      permission: letMoneyGo,
      till: till?.code ?? null,
    })
  }
  const [taken, booked] = [amountIn(askedOf(item).args), amountIn(args)]
  if (taken === undefined || booked === undefined || booked >= taken) return
  requirePermission(run.permissions, letMoneyGo)
  if (!note?.trim()) {
    throw new DomainError('reason_missing', 'Less is booked than was taken. Say why.', { path: 'note' })
  }
}
