import type Sqlite from 'better-sqlite3'
import { allTables } from '../../src-shared/replica/schema.ts'
import type { SnapshotManifest } from '../../src-shared/contract/snapshot.ts'

/** The rows of a table that go into a snapshot, as what stands behind `from`. */
export type RowsOf = (table: string) => string

export const rowsOfAll: RowsOf = (table) => `main."${table}"`

/** A snapshot of today is used for so many days after it was taken, in whatever time zone. */
const daysOfToday = 6

/** What belongs to one session: by far most of a facility's rows, and nearly all of other days. */
const tablesOfSessions: readonly string[] = allTables
  .filter(({ columns }) => Object.hasOwn(columns, 'session_id'))
  .map(({ name }) => name)

/**
 * All but what belongs to the sessions of other days, which are those of more than two days before or a week and a day
 * after `now` (instant).
 */
export const rowsOfToday = (db: Sqlite.Database, now: string): RowsOf => {
  db.exec('drop table if exists temp.sessions_of_today; create temp table sessions_of_today (id text primary key)')
  db.prepare(
    `insert into temp.sessions_of_today select id from main.sessions
      where date between date(?, '-2 days') and date(?, '+${daysOfToday + 2} days')`,
  ).run(now, now)
  const column = (table: string): string | undefined =>
    table === 'sessions' ? 'id' : tablesOfSessions.includes(table) ? 'session_id' : undefined
  return (table) => {
    const session = column(table)
    if (session === undefined) return rowsOfAll(table)
    return `(select * from main."${table}" where ${session} in (select id from temp.sessions_of_today))`
  }
}

/** When today is made apart. */
export interface TodayPolicy {
  /** Of fewer rows the whole is there before anybody has looked. */
  readonly leastRowsForToday: number
  /** The share of the rows that belongs to sessions, from 0 to 1: those of other days are what is left out. */
  readonly leastShareForToday: number
}

/** Whether today is so much less than the whole that it is worth being loaded first. */
export const isWorthwhile = (db: Sqlite.Database, rows: number, policy: TodayPolicy): boolean => {
  if (rows < policy.leastRowsForToday) return false
  const count = (table: string): number => Number(db.prepare(`select count(*) from main."${table}"`).pluck().get())
  return tablesOfSessions.reduce((sum, table) => sum + count(table), 0) > rows * policy.leastShareForToday
}

/** Whether the sessions around this time (epoch ms) are in it. */
export const isStillToday = ({ extent, taken_at }: SnapshotManifest, now: number): boolean =>
  extent === 'whole' || now - Date.parse(taken_at) < daysOfToday * 24 * 3600 * 1000
