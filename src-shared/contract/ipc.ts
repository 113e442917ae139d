import { z } from 'zod'
import { permissions } from '../permissions.ts'
import { instantSchema, sharedText } from '../schema/columns.ts'
import { errorBody } from './http.ts'

/** Who is signed in at this window. */
const sessionState = z.object({
  staff_id: z.uuid(),
  name: z.string(),
  permissions: z.array(z.enum(permissions)),
  facility: z.object({
    id: z.uuid(),
    name: z.string(),
    organization: z.string(),
    color: z.string(),
    time_zone: z.string(),
    locale: z.string(),
    currency: z.string(),
  }),
  till: z.object({ id: z.uuid(), code: z.string() }),
  lease_not_after: instantSchema,
})
export type SessionState = z.infer<typeof sessionState>

/** What the device is and what the window may do next. */
export const appState = z.object({
  /** `locked`: enrolled, and the keychain does not open it any more. `damaged`, `unreadable`: nobody can read as what, for good or now. */
  stage: z.enum(['not_enrolled', 'locked', 'damaged', 'unreadable', 'signed_out', 'loading', 'ready']),
  device: z.object({ name: z.string(), facility_name: z.string() }).nullable(),
  /** What this computer was, and until when, where an admin has revoked it and nobody has enrolled it again. */
  revoked: z.object({ name: z.string(), facility_name: z.string(), at: instantSchema }).nullable(),
  /** What the enrollment screen offers; empty when nobody has said. */
  default_server_url: z.string(),
  /** Staff who can unlock this device without internet, by their sign-in name. */
  known_staff: z.array(z.object({ sign_in_name: z.string(), name: z.string() })),
  session: sessionState.nullable(),
  /** While `loading`: rows of the first sync so far. */
  rows_received: z.number().int(),
  /** How many there are; null while the server has not said so. */
  rows_total: z.number().int().nullable(),
})
export type AppState = z.infer<typeof appState>

/** What is known of the proof that this computer holds what the server has, also after a restart. */
export const healthFacts = z.object({
  /** When all rows here were last compared with the server's, by this computer's clock. */
  compared_at: instantSchema.nullable(),
  /** The server's time of what was compared. */
  compared_up_to: instantSchema.nullable(),
  /** Tables in which something differed then. */
  different: z.array(z.string()),
  /** So many tables the server counts in another way, because it is of another version. */
  skipped: z.number().int(),
  /** What was put right, the latest first: some rows, or everything fetched again. */
  mended: z.array(
    z.object({
      at: instantSchema,
      tables: z.array(z.object({ table: z.string(), rows: z.number().int() })),
      everything: z.boolean(),
    }),
  ),
})
export type HealthFacts = z.infer<typeof healthFacts>

const healthStatus = healthFacts.extend({
  activity: z.enum(['none', 'wanted', 'comparing', 'mending', 'renewing']),
  /** While comparing: the share of the rows here that is counted, from 0 to 1. */
  progress: z.number(),
  /** Why the last comparison could not be made. */
  problem: errorBody.nullable(),
})
export type HealthStatus = z.infer<typeof healthStatus>

/** The two directions of the status line, in words of DESIGN.md §6.2. */
export const syncStatus = z.object({
  online: z.boolean(),
  /** Saved on this computer, not yet decided by the server. */
  waiting: z.number().int(),
  /** Everything until this instant has come from the server. */
  received_up_to: instantSchema.nullable(),
  /** Everything until this instant has gone to the server. */
  sent_up_to: instantSchema.nullable(),
  /** The server took away so many of all rows here: nothing more is received until a manager has looked. */
  held: z.object({ removed: z.number().int(), rows: z.number().int() }).nullable(),
  /** Of the rows of other days so many have come, of so many where the server has said so; null when all are here. */
  other_days: z.object({ received: z.number().int(), total: z.number().int().nullable() }).nullable(),
  /** Why there is no connection, when the server said so or the program knows. */
  problem: errorBody.nullable(),
  /** The last problem with the line, also when it is over. */
  last_problem: z.object({ at: instantSchema, error: errorBody }).nullable(),
  /** Where little room is left, some work can still be saved; what can only be read shows all, and takes nothing. */
  disk: z.enum(['fine', 'almost_full', 'read_only']),
  /** How far this computer's clock is ahead of the server's, behind it below 0; null while it is right, or nothing is known. */
  clock_ahead_seconds: z.number().int().nullable(),
  health: healthStatus,
})
export type SyncStatus = z.infer<typeof syncStatus>

/** One line of the page behind the status line. */
const waitingMutation = z.object({
  id: z.uuid(),
  seq: z.number().int(),
  command: z.string(),
  args: z.unknown(),
  at: instantSchema,
  staff_id: z.uuid(),
  /** The local rerun refuses it now: "will need you". The server decides. */
  local_error: errorBody.nullable(),
})
export type WaitingMutation = z.infer<typeof waitingMutation>

const printJob = z.object({
  id: z.uuid(),
  receipt_id: z.uuid(),
  label: z.string(),
  state: z.enum(['waiting', 'printed', 'failed', 'dismissed']),
  at: instantSchema,
})
export type PrintJob = z.infer<typeof printJob>

export const paperSizes = ['a4', '80mm'] as const

const nothing = z.undefined().or(z.null())

/** Every call that the window can make. Both sides validate. */
export const channels = {
  'app.state': { input: nothing, output: appState },
  'device.enroll': {
    input: z.strictObject({ code: sharedText(40), name: sharedText(100).min(1), server_url: z.url() }),
    output: appState,
  },
  'session.sign_in': {
    input: z.strictObject({ sign_in_name: sharedText(200).min(1), password: sharedText(1000).min(1) }),
    output: appState,
  },
  'session.sign_out': { input: nothing, output: appState },
  query: {
    input: z.strictObject({ name: sharedText(100), args: z.unknown() }),
    /** `tables` are those that the query read: it reruns when one of them changes. */
    output: z.object({ result: z.unknown(), tables: z.array(z.string()) }),
  },
  command: {
    input: z.strictObject({ name: sharedText(100), args: z.unknown() }),
    /** Saved on this computer when this answer comes. `series_number` is the receipt number that was drawn. */
    output: z.object({ mutation_id: z.uuid(), seq: z.number().int(), series_number: z.number().int().nullable() }),
  },
  'sync.status': { input: nothing, output: syncStatus },
  'sync.waiting': { input: nothing, output: z.array(waitingMutation) },
  /** A manager has looked: what the server took away goes here too (permission payments.void, as whoever reverses things). */
  'sync.accept_removal': { input: nothing, output: nothing },
  /** Compares all rows here with the server's, as soon as it can be done. */
  'sync.compare': { input: nothing, output: nothing },
  'print.jobs': { input: nothing, output: z.array(printJob) },
  /** Renders a receipt to PDF (base64). `copy` prints COPY across it. Answers also when a printer did the work. */
  'print.receipt': {
    input: z.strictObject({ receipt_id: z.uuid(), paper: z.enum(paperSizes), copy: z.boolean() }),
    output: z.object({ pdf: z.string(), printed: z.boolean() }),
  },
  'print.settle': {
    input: z.strictObject({ id: z.uuid(), state: z.enum(['printed', 'dismissed']) }),
    output: nothing,
  },
} as const

export type Channel = keyof typeof channels
export type ChannelInput<C extends Channel> = z.input<(typeof channels)[C]['input']>
export type ChannelOutput<C extends Channel> = z.output<(typeof channels)[C]['output']>

export const isChannel = (name: unknown): name is Channel => typeof name === 'string' && Object.hasOwn(channels, name)
