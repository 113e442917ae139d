import { serverTables, syncedTables, type ServerDatabase } from '../../src-shared/schema/tables.ts'
import type { DateText, InstantText } from '../../src-shared/time.ts'
import type { Random } from './random.ts'

export type RowOf<T extends keyof ServerDatabase> = ServerDatabase[T]
export type AcademyRows = { readonly [T in keyof ServerDatabase]: RowOf<T>[] }

/** All tables, parents before children: the order in which rows can be inserted. */
export const tablesInOrder = [...Object.keys(syncedTables), ...Object.keys(serverTables)] as (keyof ServerDatabase)[]

export const noRows = (): AcademyRows =>
  // Built from the same names as the type.
  Object.fromEntries(tablesInOrder.map((name) => [name, []])) as unknown as AcademyRows

/** What is being written: the rows so far, and what every part of it needs. */
export interface Draft {
  readonly now: InstantText
  readonly random: Random
  readonly rows: AcademyRows
}

/** A facility with what its days are made of. */
export interface Site {
  readonly facility: RowOf<'facilities'>
  readonly today: DateText
  readonly spaces: readonly RowOf<'spaces'>[]
  readonly instructors: readonly RowOf<'staff'>[]
  readonly desk: readonly RowOf<'staff'>[]
  readonly managers: readonly RowOf<'staff'>[]
  /** The office's computer: history was written there, so that its numbers never meet those of a new desk. */
  readonly device: RowOf<'devices'>
  readonly till: RowOf<'tills'>
}
