import type { LogEntry } from '../../../src-shared/replica/log-entry.ts'
import { isSyncedTable } from '../../../src-shared/schema/tables.ts'

/** What arrives from the server, in the words of the log. */
export type FeedEvent =
  | { readonly kind: 'entries'; readonly entries: readonly LogEntry[] }
  /** Everything up to `position` has been delivered; `serverTime` is the server's clock at that position. */
  | { readonly kind: 'up-to-date'; readonly position: number; readonly serverTime: string | undefined }
  /** The log that we followed is not to be had any more: start afresh. */
  | { readonly kind: 'must-refetch' }

/** Tables that a newer server has and this program does not know are passed over. */
export const knownEntries = (entries: readonly LogEntry[]): readonly LogEntry[] =>
  entries.filter((entry) => isSyncedTable(entry.table_name))

export const positionOf = ({ position, serverTime }: Extract<FeedEvent, { kind: 'up-to-date' }>) => ({
  position,
  serverTime,
})
