import type { Transaction } from 'kysely'
import type { z } from 'zod'
import { DomainError, type ErrorCode, type ErrorDetails } from '../errors.ts'
import { rowIdsOf } from '../ids.ts'
import type { Permission } from '../permissions.ts'
import { requirePermission } from '../rules/access.ts'
import type { Database, SyncedTableName } from '../schema/tables.ts'

/** What a command may know besides its arguments. All of it is fixed at the click, so a rerun does the same. */
export interface CommandContext {
  readonly mutationId: string
  /** The device's clock at the click, UTC. */
  readonly at: string
  /** Clamped by the server. */
  readonly hlc: string
  readonly staffId: string
  readonly deviceId: string
  readonly facilityId: string
  /** The till of the device, and the number that the device drew from its series for this mutation. */
  readonly till: { readonly id: string; readonly code: string }
  readonly seriesNumber: number | null
  readonly permissions: ReadonlySet<Permission>
  /**
   * Makes others who lock the same row wait until this command is done, so that what it reads next stays true: many
   * desks' commands run at once on the server. On a desk there is one writer, and nothing to do.
   */
  readonly lock: (table: SyncedTableName, id: string) => Promise<void>
}

/** Says that the command went through, but not as it was sent. */
export interface Merged {
  readonly code: ErrorCode
  readonly message: string
  readonly details: ErrorDetails
}

export interface CommandRun extends CommandContext {
  /** A new row id, the same at every rerun. */
  readonly newId: () => string
}

export interface Command<A> {
  /** Wire name. Never reused, never renamed. */
  readonly name: string
  readonly version: number
  readonly args: z.ZodType<A>
  readonly permission: Permission
  /** Draws the next receipt number of the device's till in the same local transaction: always, or with such arguments. */
  readonly drawsReceiptNumber?: boolean | ((args: A) => boolean)
  /** Effects and domain rules; throws DomainError to refuse. The same on SQLite and PostgreSQL. */
  readonly apply: (tx: Transaction<Database>, args: A, run: CommandRun) => Promise<Merged | void>
  /**
   * For what cannot be refused, because money changed hands: the least that must be kept when `apply` was refused by the
   * server. `reason` is the refusal.
   */
  readonly salvage?: (tx: Transaction<Database>, args: A, run: CommandRun, reason: DomainError) => Promise<Merged>
}

export const defineCommand = <A>(command: Command<A>): Command<A> => command

/** Runs a command: form, permission, effects. Throws DomainError with what was wrong. */
export const applyCommand = async <A>(
  tx: Transaction<Database>,
  command: Command<A>,
  args: unknown,
  context: CommandContext,
): Promise<Merged | undefined> => {
  const parsed = parseArgs(command, args)
  requirePermission(context.permissions, command.permission)
  return (await command.apply(tx, parsed, { ...context, newId: rowIdsOf(context.mutationId) })) ?? undefined
}

/** Whether a mutation gets the next receipt number. Arguments of the wrong form draw none. */
export const drawsReceipt = <A>(command: Command<A>, args: unknown): boolean => {
  const { drawsReceiptNumber: draws = false } = command
  if (typeof draws === 'boolean') return draws
  const parsed = command.args.safeParse(args)
  return parsed.success && draws(parsed.data)
}

/** Validates arguments; the first problem is named in the details. */
export const parseArgs = <A>(command: Pick<Command<A>, 'args' | 'name'>, args: unknown): A => {
  const parsed = command.args.safeParse(args)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new DomainError('invalid_input', `${command.name}: ${issue?.message ?? 'wrong arguments'}`, {
    path: issue?.path.join('.') ?? '',
  })
}
