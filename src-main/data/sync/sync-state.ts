import type { FeedEvent } from './feed.ts'

/** What the replica is doing with the log (SPEC F1-F4). */
export type FeedState =
  /** The first sync: nothing is shown yet. */
  | 'loading'
  /** Every batch is applied as a whole. */
  | 'live'
  /** The log was lost: a new replica fills beside the one that is shown. */
  | 'renewing'

export type FeedEffect =
  /** Into the replica that is not shown yet. */
  | 'append'
  /** Kept until the batch is whole. */
  | 'buffer'
  /** The whole batch into the shown replica. */
  | 'apply'
  /** The replica that was filled is shown from now on. */
  | 'show'
  /** A new, empty replica to fill. */
  | 'start_over'

interface FeedStep {
  readonly next: FeedState
  readonly effect: FeedEffect
}

const feedSteps: Record<FeedState, Record<FeedEvent['kind'], FeedStep>> = {
  loading: {
    entries: { next: 'loading', effect: 'append' },
    'up-to-date': { next: 'live', effect: 'show' },
    'must-refetch': { next: 'loading', effect: 'start_over' },
  },
  live: {
    entries: { next: 'live', effect: 'buffer' },
    'up-to-date': { next: 'live', effect: 'apply' },
    'must-refetch': { next: 'renewing', effect: 'start_over' },
  },
  renewing: {
    entries: { next: 'renewing', effect: 'append' },
    'up-to-date': { next: 'live', effect: 'show' },
    'must-refetch': { next: 'renewing', effect: 'start_over' },
  },
}

export const feedStep = (state: FeedState, event: FeedEvent['kind']): FeedStep => feedSteps[state][event]

/** What the outbox is doing (SPEC U1-U4). */
export type UploadState = 'idle' | 'sending' | 'waiting' | 'stopped'

export type UploadEvent =
  /** There may be something to send: a local write, or the start. */
  | 'wake'
  /** The server was reached in some way. */
  | 'contact'
  | 'answered'
  /** No answer, or one that says "later". */
  | 'outage'
  /** The server will not talk to this device any more. */
  | 'revoked'
  | 'timer'

type UploadEffect = 'none' | 'send' | 'start_timer'

interface UploadStep {
  readonly next: UploadState
  readonly effect: UploadEffect
}

const stay = (next: UploadState): UploadStep => ({ next, effect: 'none' })
const send: UploadStep = { next: 'sending', effect: 'send' }
const wait: UploadStep = { next: 'waiting', effect: 'start_timer' }

const uploadSteps: Record<UploadState, Record<UploadEvent, UploadStep>> = {
  idle: {
    wake: send,
    contact: stay('idle'),
    answered: stay('idle'),
    outage: stay('idle'),
    revoked: stay('stopped'),
    timer: send,
  },
  sending: {
    wake: stay('sending'),
    contact: stay('sending'),
    // Sending looks for more by itself and goes idle with nothing left (SPEC U2).
    answered: send,
    outage: wait,
    revoked: stay('stopped'),
    timer: stay('sending'),
  },
  waiting: {
    wake: stay('waiting'),
    contact: send,
    answered: stay('waiting'),
    outage: stay('waiting'),
    revoked: stay('stopped'),
    timer: send,
  },
  stopped: {
    wake: stay('stopped'),
    contact: stay('stopped'),
    answered: stay('stopped'),
    outage: stay('stopped'),
    revoked: stay('stopped'),
    timer: stay('stopped'),
  },
}

export const uploadStep = (state: UploadState, event: UploadEvent): UploadStep => uploadSteps[state][event]

const firstPauseMs = 250
/** Short, so that everything has drained well within 30 s of an outage's end (FAULTS I8). */
const longestPauseMs = 4000

/** How long to wait before attempt `attempt` (from 0): full jitter, `random` in [0, 1). */
export const pauseMs = (attempt: number, random: number): number =>
  firstPauseMs / 2 + random * Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(attempt, 16))
