import { z } from 'zod'
import { instantSchema } from '../schema/columns.ts'

/** A piece of a snapshot: a small SQLite database, compressed with zstd, of some tables' rows in order of their ids. */
const snapshotPart = z.object({
  /** Of what is sent. */
  bytes: z.number().int().min(1),
  /** Of the database in it. */
  raw_bytes: z.number().int().min(1).max(256_000_000),
  /** Of what is sent, hexadecimal. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  rows: z.number().int().min(0),
})

/**
 * `whole`: the log up to a position, from which a desk goes on with the log. `today`: of that the people, their money and
 * the sessions around today, so that a counter can open before all the rest has come.
 */
export const snapshotExtent = z.enum(['whole', 'today'])
export type SnapshotExtent = z.infer<typeof snapshotExtent>

/** A ready-made replica of the device's facility. */
export const snapshotManifest = z.object({
  id: z.string().regex(/^[0-9a-z-]{1,80}$/),
  extent: snapshotExtent.default('whole'),
  /** SHA-256 of what both sides must agree on (replica/snapshot-parts.ts), hexadecimal. */
  fingerprint: z.string(),
  /** The log that it continues as, and where. */
  handle: z.string().min(1).max(200),
  epoch: z.uuid(),
  position: z.number().int().min(1),
  /** The latest hybrid clock in any row. */
  latest_hlc: z.string().nullable(),
  rows: z.number().int(),
  taken_at: instantSchema,
  /** To be loaded in this order. */
  parts: z.array(snapshotPart).min(1).max(100_000),
})
export type SnapshotManifest = z.infer<typeof snapshotManifest>
