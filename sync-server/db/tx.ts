import type { Transaction } from 'kysely'
import type { Database } from '../../src-shared/schema/tables.ts'
import type { inRole, Postgres, readInRole } from './postgres.ts'

/** Everything in PostgreSQL. */
export type Db = Postgres['db']
/** A transaction that has taken a duty (`inRole`). */
export type Tx = Parameters<Parameters<typeof inRole>[2]>[0]
/** A transaction that has taken a duty and only reads (`readInRole`), or any other. */
export type ReadTx = Parameters<Parameters<typeof readInRole>[2]>[0]

/** The same transaction as commands and rules see it: PostgreSQL has every table of theirs, and a few more. */
export const asShared = (tx: Tx): Transaction<Database> =>
  // The compiler wants it (TS2345), because Kysely's types do not see that more tables do no harm.
  // oxlint-disable-next-line typescript/no-unnecessary-type-assertion
  tx as unknown as Transaction<Database>
