/** What a device does with the facility log, as a pure state machine (SPEC F1-F11). */
export interface Feed {
  readonly state: FeedState
  readonly source: FeedSource
}

export type FeedState =
  /** Rows go into a replica that is not shown: the first one, or one beside the shown one. */
  | 'filling'
  /** That one is whole, and has so much less than the shown one that a person must say that this is right. */
  | 'replica_held'
  /** Every batch is applied as a whole to the shown replica. */
  | 'live'
  /** The same; the batch that is coming is long, and a newer snapshot was looked for. */
  | 'crowded'
  /** A batch is whole, and takes so much away that a person must say that this is right. */
  | 'batch_held'
  /** A new, empty replica is being made. */
  | 'starting'
  | 'stopped'

/** Where the rows of a replica that has nothing yet come from. */
type FeedSource =
  /** The server's snapshot where there is one, then the log. */
  | 'snapshot'
  /** This replica began with one. */
  | 'behind_snapshot'
  /** The log alone: the server would not go on from its snapshot. */
  | 'log'

export type FeedEventKind =
  | 'entries'
  /** All that the log has was delivered. */
  | 'up-to-date'
  /** The log that we followed is not to be had any more. */
  | 'must-refetch'
  /** The batch that is coming is more than memory should hold. */
  | 'crowded'
  /** The server has a snapshot from beyond our place in the log. */
  | 'newer_snapshot'
  /** A snapshot was loaded: the log goes on from there. */
  | 'loaded'
  /** Too much would vanish at once. */
  | 'heavy'
  /** A person says that it is right. */
  | 'accepted'
  /** The replica that was filled is shown. */
  | 'shown'
  /** There is an empty replica to fill. */
  | 'begun'
  /** What is shown is damaged, or of another shape. */
  | 'damaged'
  /** The replica that the log goes into cannot be read. */
  | 'unreadable'
  /** The stream ended, because of the server's final answer or of an event that failed here. */
  | 'failed'
  | 'timer'
  | 'stop'

export type FeedEffect =
  | 'none'
  /** Into the replica that is not shown. */
  | 'append'
  /** Kept until the batch is whole. */
  | 'buffer'
  /** The whole batch into the shown replica, unless it is heavy. */
  | 'apply'
  | 'apply_accepted'
  /** The replica that was filled is shown from now on, unless it is heavy. */
  | 'show'
  | 'show_accepted'
  /** Ask a person. */
  | 'hold'
  | 'look_for_snapshot'
  /** A new, empty replica to fill. */
  | 'start_over'
  /** From the place of the replica that the log goes into. */
  | 'follow'
  | 'follow_later'
  | 'end'

interface Step {
  readonly next: FeedState
  readonly effect: FeedEffect
}

const step = (next: FeedState, effect: FeedEffect): Step => ({ next, effect })

const startOver = step('starting', 'start_over')
const stop = step('stopped', 'end')

const filling = step('filling', 'none')
const live = step('live', 'none')
const crowded = step('crowded', 'none')
const replicaHeld = step('replica_held', 'none')
const batchHeld = step('batch_held', 'none')
const starting = step('starting', 'none')
const stopped = step('stopped', 'none')

const steps: Record<FeedState, Record<FeedEventKind, Step>> = {
  filling: {
    entries: step('filling', 'append'),
    'up-to-date': step('filling', 'show'),
    'must-refetch': startOver,
    crowded: filling,
    newer_snapshot: filling,
    loaded: filling,
    heavy: step('replica_held', 'hold'),
    accepted: filling,
    shown: live,
    begun: filling,
    // This one takes its place.
    damaged: filling,
    unreadable: startOver,
    failed: step('filling', 'follow_later'),
    timer: step('filling', 'follow'),
    stop,
  },
  replica_held: {
    // Nothing is asked for while a person thinks.
    entries: replicaHeld,
    'up-to-date': replicaHeld,
    'must-refetch': replicaHeld,
    crowded: replicaHeld,
    newer_snapshot: replicaHeld,
    loaded: replicaHeld,
    heavy: replicaHeld,
    accepted: step('filling', 'show_accepted'),
    shown: replicaHeld,
    begun: replicaHeld,
    damaged: replicaHeld,
    unreadable: startOver,
    failed: step('filling', 'follow_later'),
    timer: replicaHeld,
    stop,
  },
  live: {
    entries: step('live', 'buffer'),
    'up-to-date': step('live', 'apply'),
    'must-refetch': startOver,
    crowded: step('crowded', 'look_for_snapshot'),
    newer_snapshot: live,
    loaded: live,
    heavy: step('batch_held', 'hold'),
    accepted: live,
    shown: live,
    begun: live,
    damaged: startOver,
    unreadable: startOver,
    failed: step('live', 'follow_later'),
    timer: step('live', 'follow'),
    stop,
  },
  crowded: {
    entries: step('crowded', 'buffer'),
    'up-to-date': step('live', 'apply'),
    'must-refetch': startOver,
    // Once for each batch.
    crowded,
    newer_snapshot: startOver,
    loaded: crowded,
    heavy: crowded,
    accepted: crowded,
    shown: crowded,
    begun: crowded,
    damaged: startOver,
    unreadable: startOver,
    // The batch is forgotten, and comes again.
    failed: step('live', 'follow_later'),
    timer: crowded,
    stop,
  },
  batch_held: {
    entries: batchHeld,
    'up-to-date': batchHeld,
    'must-refetch': batchHeld,
    crowded: batchHeld,
    newer_snapshot: batchHeld,
    loaded: batchHeld,
    heavy: batchHeld,
    accepted: step('live', 'apply_accepted'),
    shown: batchHeld,
    begun: batchHeld,
    // What was held is forgotten: the new replica is asked about anew.
    damaged: startOver,
    unreadable: startOver,
    failed: step('live', 'follow_later'),
    timer: batchHeld,
    stop,
  },
  starting: {
    // The last words of a stream that is given up, and what came of work that was under way.
    entries: starting,
    'up-to-date': starting,
    'must-refetch': starting,
    crowded: starting,
    newer_snapshot: starting,
    loaded: starting,
    heavy: starting,
    accepted: starting,
    shown: starting,
    begun: step('filling', 'follow'),
    damaged: starting,
    unreadable: step('starting', 'follow_later'),
    failed: step('starting', 'follow_later'),
    timer: startOver,
    stop,
  },
  stopped: {
    entries: stopped,
    'up-to-date': stopped,
    'must-refetch': stopped,
    crowded: stopped,
    newer_snapshot: stopped,
    loaded: stopped,
    heavy: stopped,
    accepted: stopped,
    shown: stopped,
    begun: stopped,
    damaged: stopped,
    unreadable: stopped,
    failed: stopped,
    timer: stopped,
    stop: stopped,
  },
}

/** What follows from an event. A transition that is forgotten does not compile. */
export const feedStep = (feed: Feed, event: FeedEventKind): { readonly next: Feed; readonly effect: FeedEffect } => {
  const { next, effect } = steps[feed.state][event]
  return { next: { state: next, source: sourceAfter(feed, event, effect) }, effect }
}

const sourceAfter = ({ state, source }: Feed, event: FeedEventKind, effect: FeedEffect): FeedSource => {
  if (event === 'shown') return 'snapshot'
  if (event === 'loaded') return 'behind_snapshot'
  // What could not be begun is tried again in the same way.
  if (effect !== 'start_over' || state === 'starting') return source
  return source === 'behind_snapshot' ? 'log' : 'snapshot'
}
