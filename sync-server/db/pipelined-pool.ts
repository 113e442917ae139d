import type { Writable } from 'node:stream'
import type { PostgresPool, PostgresPoolClient } from 'kysely'
import type { Pool, PoolClient, QueryConfig, QueryResult } from 'pg'
import { isStalePlan } from './errors.ts'
import { type StatementNames, statementNames } from './statement-names.ts'

/**
 * For a statement that ends so nobody waits: the next one is sent right behind it, which saves a round trip. It goes out with
 * what comes next in this turn of the loop, in one packet, or alone at the end of it. What it fails with is thrown by the next
 * statement of its transaction that is waited for, at the latest by COMMIT.
 */
export const ahead = ' /* ahead */'

/** The same for a statement behind which another one surely comes: it waits for that however long it takes. */
export const withNext = ' /* with the next */'

/** For the one statement of a transaction: COMMIT is sent right behind it, in the same packet. */
export const andCommit = ' /* and commit */'

/** For a SELECT that goes out with the next statement, and whose rows are wanted later (`later.ts`). */
export const answeredLater = ' /* answered later */'

/** What stands in place of the rows of such a statement. */
export interface Later<R> {
  readonly rows: Promise<readonly R[]>
}

/**
 * What Kysely uses of a pool of pipelined clients. BEGIN and what is marked so are not waited for, and a statement that comes
 * again is prepared once for each connection: to plan it takes PostgreSQL as long as to run it.
 */
export const pipelinedPool = (pool: Pool): PostgresPool => {
  const names = statementNames()
  const known = new WeakMap<PoolClient, PostgresPoolClient>()
  return {
    options: pool.options,
    async connect() {
      const client = await pool.connect()
      const wrapped = known.get(client) ?? pipelinedClient(client, names)
      known.set(client, wrapped)
      return wrapped
    },
    end: async () => pool.end(),
  }
}

/** To a savepoint only a part of it is rolled back. */
const endOfTransaction = /^(commit|rollback)\b(?! to\b)/

const notWaitedFor: QueryResult = { command: '', rowCount: 0, rows: [], oid: 0, fields: [] }

/** Between `hold` and `release`, what is sent is gathered for one packet. */
const packetsOf = (client: PoolClient): { readonly hold: () => void; readonly release: () => void } => {
  // pg corks it too, around each statement (node-postgres, lib/query.js). A client of another make may have none.
  const { connection } = client as unknown as { readonly connection?: { readonly stream: Writable } }
  let held: Writable | undefined
  return {
    hold: () => {
      if (held) return
      held = connection?.stream
      held?.cork()
    },
    release: () => {
      held?.uncork()
      held = undefined
    },
  }
}

const pipelinedClient = (client: PoolClient, names: StatementNames): PostgresPoolClient => {
  /** What went wrong ahead in the transaction that is under way. */
  let transaction: { failure?: Error } = {}

  const configOf = (text: string, values: readonly unknown[]): QueryConfig =>
    // Without values it is sent in the simple protocol, which has no names.
    values.length === 0 ? { text } : { text, values: [...values], ...names.of(text) }

  const transactionOf = (text: string): { failure?: Error } => {
    const its = transaction
    if (endOfTransaction.test(text) || text.endsWith(andCommit)) transaction = {}
    return its
  }

  const { hold, release } = packetsOf(client)

  const sendAhead = (text: string, values: readonly unknown[]): QueryResult => {
    const its = transactionOf(text)
    hold()
    client.query(configOf(text, values)).catch((error: unknown) => (its.failure ??= toError(error)))
    if (text.endsWith(ahead)) setImmediate(release)
    return notWaitedFor
  }

  const sendForLater = (text: string, values: readonly unknown[]): QueryResult => {
    const its = transactionOf(text)
    hold()
    const rows = client.query<object>(configOf(text, values)).then((result) => result.rows)
    rows.catch((error: unknown) => {
      if (isStalePlan(error)) names.renew()
      its.failure ??= toError(error)
    })
    return { ...notWaitedFor, rows: [{ rows } satisfies Later<unknown>] }
  }

  const send = async (text: string, values: readonly unknown[]): Promise<QueryResult> => {
    if (text.endsWith(andCommit)) hold()
    const sent = client.query(configOf(text, values))
    // Behind a statement that failed it only ends the transaction; of a broken connection the statement tells.
    if (text.endsWith(andCommit)) client.query('commit').catch(() => undefined)
    release()
    return sent
  }

  const query = async (text: string, values: readonly unknown[] = []): Promise<QueryResult> => {
    if (isNotWaitedFor(text)) return sendAhead(text, values)
    if (text.endsWith(answeredLater)) return sendForLater(text, values)
    const its = transactionOf(text)
    let result: QueryResult
    try {
      result = await send(text, values)
    } catch (error) {
      if (isStalePlan(error)) names.renew()
      // After a failure PostgreSQL says of every other statement only that the transaction is over.
      throw its.failure ?? toError(error)
    }
    if (its.failure !== undefined && text !== 'rollback') throw its.failure
    return result
  }

  return {
    // Kysely asks for cursors, its other form, only where it was given a class for them.
    query: query as unknown as PostgresPoolClient['query'],
    release: (isBroken) => client.release(isBroken),
  }
}

const isNotWaitedFor = (text: string): boolean =>
  /^(begin|start transaction)/.test(text) || text.endsWith(ahead) || text.endsWith(withNext)

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))
