/** What the replica's code needs of a SQLite connection, such as better-sqlite3's: desk and server bring their own. */
export interface ReplicaDatabase {
  readonly prepare: (sql: string) => ReplicaStatement
  readonly exec: (sql: string) => unknown
  readonly pragma: (sql: string) => unknown
  /** A function that runs `work` in a transaction. */
  readonly transaction: (work: () => void) => () => void
}

/** A prepared statement. It takes its values in one array: text, integers and null. */
export interface ReplicaStatement {
  readonly run: (values: readonly unknown[]) => { readonly changes: number; readonly lastInsertRowid: number | bigint }
  readonly get: (values: readonly unknown[]) => unknown
  readonly all: (values: readonly unknown[]) => unknown[]
  /** Rows are their first column from now on. */
  readonly pluck: () => ReplicaStatement
  /** Rows are arrays from now on. */
  readonly raw: () => ReplicaStatement
}
