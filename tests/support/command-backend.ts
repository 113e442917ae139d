import type { Transaction } from 'kysely'
import type { CommandContext } from '../../src-shared/commands/command.ts'
import type { Database, SyncedTableName } from '../../src-shared/schema/tables.ts'
import type { Rows } from './counter-rows.ts'

/** What a command gets as its transaction. */
export type CommandTx = Transaction<Database>

/** The rows of every table. */
export type Everything = { readonly [T in SyncedTableName]: readonly Database[T][] }

/** What a command runs on: a database with the rows that the facility of `academy` sees. */
export interface Backend {
  /** Removes every row. */
  readonly clear: () => Promise<void>
  readonly insert: (rows: Rows) => Promise<void>
  readonly transact: <T>(work: (tx: CommandTx, lock: CommandContext['lock']) => Promise<T>) => Promise<T>
  /** The rows of these tables, ordered by id. */
  readonly read: <T extends SyncedTableName>(tables: readonly T[]) => Promise<Pick<Everything, T>>
  readonly close: () => Promise<void>
}
