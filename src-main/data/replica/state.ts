import { type SqliteDatabase, textOrUndefined } from '../sqlite.ts'

/** What a replica knows of itself. */
export interface ReplicaState {
  /** Everything up to this position of the facility log is in. */
  readonly position: number
  /** The server's name for the log, undefined before the first answer. */
  readonly handle: string | undefined
  /** While it is filled by the log from its beginning: where that began. What was removed before is in none of it. */
  readonly since: number
  /** Whether the first sync came to its end. */
  readonly isComplete: boolean
  /** Indexes and search index are there: rows of the log that still come keep them. */
  readonly isIndexed: boolean
  /** Its rows were carried over from one of another shape, or are only today's: shown until the server's are there. */
  readonly isStale: boolean
  /** Only what is around today: what happened on other days is still coming. */
  readonly isOfToday: boolean
  /** The last local sequence whose effects are in. */
  readonly appliedSeq: number
  /** The server's time at `position`. */
  readonly receivedUpTo: string | undefined
  /** The latest hybrid clock seen in any row. */
  readonly latestHlc: string | undefined
}

export const initialState: ReplicaState = {
  position: 0,
  handle: undefined,
  since: 0,
  isComplete: false,
  isIndexed: false,
  isStale: false,
  isOfToday: false,
  appliedSeq: 0,
  receivedUpTo: undefined,
  latestHlc: undefined,
}

export interface StateStore {
  readonly read: () => ReplicaState
  /** Part of the caller's transaction. */
  readonly update: (change: Partial<ReplicaState>) => void
}

export const stateReader = (db: SqliteDatabase): (() => ReplicaState) => {
  const get = db.prepare("select value from replica_state where key = 'state'").pluck()
  return () => {
    const text = textOrUndefined(get.get())
    return text === undefined ? initialState : { ...initialState, ...(JSON.parse(text) as Partial<ReplicaState>) }
  }
}

/** Up to which mutation of a device the log has brought the server's decision. */
export const progressReader = (db: SqliteDatabase): ((deviceId: string) => number) => {
  const get = db.prepare('select last_seq from device_progress where id = ?').pluck()
  return (deviceId) => Number(get.get(deviceId) ?? 0)
}

export const stateStore = (db: SqliteDatabase): StateStore => {
  const read = stateReader(db)
  const put = db.prepare("insert or replace into replica_state values ('state', ?)")
  return { read, update: (change) => put.run(JSON.stringify({ ...read(), ...change })) }
}
