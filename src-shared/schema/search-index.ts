import type { Database } from './tables.ts'

/** What queries run on: the replica. */
export interface SearchDatabase extends Database {
  /**
   * The full-text index (FTS5), one row per family: what a person at the counter may type. `terms` holds names of the
   * family and its members, e-mails, card codes, and the last four digits of each phone (rules/search-terms.ts).
   */
  readonly search_index: { readonly family_id: string; readonly terms: string }
  /** Which row (`rowid`) of the index is a family's: to read its `family_id` there costs more than to find the row. */
  readonly search_families: { readonly id: number; readonly family_id: string }
}

export const searchFamiliesDdl =
  'create table search_families (id integer primary key, family_id text not null unique) strict'

export const searchIndexDdl =
  'create virtual table search_index using fts5(family_id unindexed, terms, tokenize = "unicode61 remove_diacritics 2", prefix = \'1 2 3\')'
