import type { Database } from './tables.ts'

/** What queries run on: the replica. */
export interface SearchDatabase extends Database {
  /**
   * The full-text index (FTS5), one row per family: what a person at the counter may type. `terms` holds names of the
   * family and its members, e-mails, card codes, and the last four digits of each phone (rules/search-terms.ts).
   */
  readonly search_index: { readonly family_id: string; readonly terms: string }
}

export const searchIndexDdl =
  'create virtual table search_index using fts5(family_id unindexed, terms, tokenize = "unicode61 remove_diacritics 2", prefix = \'1 2 3\')'
