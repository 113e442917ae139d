import type { LogEntry } from '../../../src-shared/replica/log-entry.ts'
import { isSyncedTable } from '../../../src-shared/schema/tables.ts'
import type { Removal } from './brake.ts'
import type { FeedEventKind } from './feed-state.ts'

/** What arrives from the server, in the words of the log. */
export type LogEvent =
  /** `since` says where a load from the beginning began, but not with the last of its entries. */
  | { readonly kind: 'entries'; readonly entries: readonly LogEntry[]; readonly since?: number }
  /** Everything up to `position` has been delivered; `serverTime` is the server's clock at that position. */
  | { readonly kind: 'up-to-date'; readonly position: number; readonly serverTime: string | undefined }
  /** The log that we followed is not to be had any more: start afresh. */
  | { readonly kind: 'must-refetch' }

/** That, and what happens at this computer. */
export type FeedEvent =
  | LogEvent
  | { readonly kind: 'heavy'; readonly removal: Removal }
  | { readonly kind: Exclude<FeedEventKind, LogEvent['kind'] | 'heavy'> }

/** Tables that a newer server has and this program does not know are passed over. */
export const knownEntries = (entries: readonly LogEntry[]): readonly LogEntry[] =>
  entries.filter((entry) => isSyncedTable(entry.table_name))
