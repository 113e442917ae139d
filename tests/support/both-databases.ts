import { v7 } from 'uuid'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import {
  applyCommand,
  type Command,
  type CommandContext,
  type CommandRun,
  drawsReceipt,
  type Merged,
  parseArgs,
} from '../../src-shared/commands/command.ts'
import type { DomainError } from '../../src-shared/errors.ts'
import { formatHlc } from '../../src-shared/hlc.ts'
import { rowIdsOf, toMutationId } from '../../src-shared/ids.ts'
import { type Permission, permissions } from '../../src-shared/permissions.ts'
import { type Database, type SyncedTableName, syncedTables } from '../../src-shared/schema/tables.ts'
import { academy } from './academy.ts'
import type { Backend, Everything } from './command-backend.ts'
import { openPostgresBackend, type PostgresBackend } from './command-postgres.ts'
import { openSqliteBackend } from './command-sqlite.ts'
import type { Rows } from './counter-rows.ts'

type Over = Partial<Omit<CommandContext, 'lock'>>

/** Runs commands as the desk does on SQLite, or as the server does on PostgreSQL. */
export interface CommandDatabase {
  readonly seed: (rows: Rows) => Promise<void>
  /** Removes every row and seeds anew. The first till is the one that commands are run at. */
  readonly reset: (rows: Rows) => Promise<void>
  /** One transaction. Throws DomainError, also for what only PostgreSQL refuses. */
  readonly run: <A>(command: Command<A>, args: NoInfer<A>, over?: Over) => Promise<Merged | undefined>
  /** What the server does after a refusal, in a transaction of its own. */
  readonly salvage: <A>(command: Command<A>, args: NoInfer<A>, reason: DomainError, over?: Over) => Promise<Merged>
  /** For rules that need a transaction. */
  readonly transact: Backend['transact']
  /** What the facility sees, rows ordered by id. */
  readonly everything: () => Promise<Everything>
  readonly rows: <T extends SyncedTableName>(table: T) => Promise<readonly Database[T][]>
  readonly close: () => Promise<void>
}

export type OpenDatabase = () => Promise<CommandDatabase>

/** 16:12 in Melbourne. */
export const clickedAt = '2026-11-21T05:12:00.000Z'

export const newMutationId = (): string => toMutationId(v7())

/** The id of the n-th row that a mutation made, from 1. */
export const rowId = (mutationId: string, n: number): string => {
  const newId = rowIdsOf(mutationId)
  return Array.from({ length: n }, newId).at(-1) ?? ''
}

/** Of a role that may do all but this. */
export const permissionsWithout = (...missing: readonly Permission[]): ReadonlySet<Permission> =>
  new Set(permissions.filter((permission) => !missing.includes(permission)))

/** The hybrid clock of the n-th command. */
export const hlcOf = (n: number): string => formatHlc({ ms: Date.parse(clickedAt), counter: n }, academy.device_id)

// Every key of the list is a table.
const allTables = Object.keys(syncedTables) as SyncedTableName[]

const commandsOn = (backend: Backend): CommandDatabase & Pick<PostgresCommands, 'contextOf'> => {
  let till = { id: '', code: '' }
  let commandCount = 0
  let receiptCount = 0

  const contextOf = <A>(command: Command<A>, args: A, over: Over): Omit<CommandContext, 'lock'> => {
    commandCount += 1
    return {
      mutationId: newMutationId(),
      at: clickedAt,
      hlc: hlcOf(commandCount),
      staffId: academy.staff_id,
      deviceId: academy.device_id,
      facilityId: academy.facility_id,
      till,
      seriesNumber: drawsReceipt(command, args) ? (receiptCount += 1) : null,
      permissions: new Set(permissions),
      ...over,
    }
  }
  return {
    contextOf,
    seed: backend.insert,
    async reset(rows) {
      await backend.clear()
      await backend.insert(rows)
      till = rows.tills?.[0] ?? till
      commandCount = 0
      receiptCount = 0
    },
    async run(command, args, over = {}) {
      const context = contextOf(command, args, over)
      return backend.transact((tx, lock) => applyCommand(tx, command, args, { ...context, lock }))
    },
    async salvage(command, args, reason, over = {}) {
      const context = contextOf(command, args, over)
      return backend.transact(async (tx, lock) => {
        const run: CommandRun = { ...context, lock, newId: rowIdsOf(context.mutationId) }
        const merged = await command.salvage?.(tx, parseArgs(command, args), run, reason)
        if (!merged) throw reason
        return merged
      })
    },
    transact: backend.transact,
    everything: () => backend.read(allTables),
    rows: async (table) => (await backend.read([table]))[table],
    close: backend.close,
  }
}

export interface PostgresCommands extends CommandDatabase {
  readonly contextOf: <A>(command: Command<A>, args: A, over: Over) => Omit<CommandContext, 'lock'>
  /** Runs a command and leaves its transaction open until `commit`. */
  readonly hold: <A>(
    command: Command<A>,
    args: NoInfer<A>,
    over?: Over,
  ) => Promise<{ readonly commit: () => Promise<Merged | undefined> }>
  readonly someoneWaits: PostgresBackend['someoneWaits']
}

/** PostgreSQL, where commands of many desks run at once. */
export const openPostgresCommands = async (): Promise<PostgresCommands> => {
  const backend = await openPostgresBackend()
  const commands = commandsOn(backend)
  return {
    ...commands,
    someoneWaits: backend.someoneWaits,
    async hold(command, args, over = {}) {
      const context = commands.contextOf(command, args, over)
      const applied = Promise.withResolvers<void>()
      const released = Promise.withResolvers<void>()
      const outcome = backend.transact(async (tx, lock) => {
        const merged = await applyCommand(tx, command, args, { ...context, lock })
        applied.resolve()
        await released.promise
        return merged
      })
      outcome.catch(applied.reject)
      await applied.promise
      return {
        commit: async () => {
          released.resolve()
          return outcome
        },
      }
    },
  }
}

/** SQLite, where there is one writer. */
export const openSqliteCommands: OpenDatabase = async () => commandsOn(await openSqliteBackend())

/** Every command keeps the same rules on both. */
export const databases: readonly (readonly [name: string, open: OpenDatabase])[] = [
  ['SQLite', openSqliteCommands],
  ['PostgreSQL', openPostgresCommands],
]

/** Opens a database for the tests of a `describe`, and gives it these rows, and no others, before each of them. */
export const useDatabase = <D extends CommandDatabase>(open: () => Promise<D>, rows: Rows): { readonly db: D } => {
  const opened: { db?: D } = {}
  beforeAll(async () => {
    opened.db = await open()
  })
  beforeEach(() => opened.db?.reset(rows))
  afterAll(() => opened.db?.close())
  return {
    get db() {
      if (!opened.db) throw new Error('The database is open inside of tests only')
      return opened.db
    },
  }
}
