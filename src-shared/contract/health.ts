import { z } from 'zod'
import { integerSchema, sharedText } from '../schema/columns.ts'

/** With which a device says how many of its changes have not gone to the server yet. */
export const waitingHeader = 'foyer-waiting'

const position = z.int().min(0)
const tableName = sharedText(63)
const audience = z.enum(['desk', 'office']).default('desk')

const tableDigest = z.strictObject({
  /** What the digest was made of (`tableForm`). */
  form: z.string().regex(/^[0-9a-f]{16}$/),
  rows: integerSchema.min(0),
  digest: z.string().regex(/^[0-9a-f]{32}$/),
})

/** Why a device compares: by itself, because a person asked, or to see whether what it mended is right now. */
const compareReasons = ['rest', 'asked', 'mended', 'renewed'] as const
export type CompareReason = (typeof compareReasons)[number]

/** What a replica holds at `position` of the log with this handle, without anything unsent. */
export const digestsRequest = z.strictObject({
  handle: sharedText(200),
  audience,
  position,
  reason: z.enum(compareReasons),
  tables: z.record(tableName, tableDigest),
})
export type DigestsRequest = z.input<typeof digestsRequest>

export const digestsResponse = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('compared'),
    /** Tables whose rows are not what the log says, with how many it has. */
    different: z.array(z.object({ table: z.string(), rows: z.int() })),
    /** Tables that this server counts in another form, or does not know: nothing is said of them. */
    unknown: z.array(z.string()),
  }),
  /** The server still counts its own: ask again soon. */
  z.object({ state: z.literal('counting') }),
])
export type DigestsResponse = z.infer<typeof digestsResponse>

/** The most rows that can be asked for by their ids at once. */
export const mostRowIds = 500

/**
 * Rows of one table: those after an id as they are now, page by page, or certain ones as they were at a position. A row
 * that is not to be had is null.
 */
export const rowsRequest = z.strictObject({
  handle: sharedText(200),
  audience,
  table: tableName,
  of: z.union([
    z.strictObject({ after: z.uuid().nullable() }),
    z.strictObject({ position, ids: z.array(z.uuid()).min(1).max(mostRowIds) }),
  ]),
})

export const rowsResponse = z.object({
  rows: z.array(z.object({ row_id: z.uuid(), row: z.record(z.string(), z.unknown()).nullable() })),
  /** Where the next page begins, null when this is the last. */
  next: z.uuid().nullable(),
})
