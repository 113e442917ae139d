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

/** Whether the log is being followed (SPEC F6). */
export type FollowState = 'following' | 'paused' | 'stopped'

export type FollowEvent =
  /** The stream ended: a final answer of the server, or an event that failed here. */
  | 'ended'
  | 'timer'
  /** Another replica is to be filled, from the log's beginning. */
  | 'renewed'
  | 'stop'

interface FollowStep {
  readonly next: FollowState
  readonly effect: 'none' | 'follow_later' | 'follow'
}

const ended: FollowStep = { next: 'stopped', effect: 'none' }

const followSteps: Record<FollowState, Record<FollowEvent, FollowStep>> = {
  following: {
    ended: { next: 'paused', effect: 'follow_later' },
    timer: { next: 'following', effect: 'none' },
    renewed: { next: 'following', effect: 'follow' },
    stop: ended,
  },
  paused: {
    ended: { next: 'paused', effect: 'none' },
    timer: { next: 'following', effect: 'follow' },
    renewed: { next: 'following', effect: 'follow' },
    stop: ended,
  },
  stopped: { ended, timer: ended, renewed: ended, stop: ended },
}

export const followStep = (state: FollowState, event: FollowEvent): FollowStep => followSteps[state][event]
