import { maxBatch } from '../../../src-shared/contract/http.ts'

/** The outbox as a pure state machine (SPEC U1-U10). */
export interface Upload {
  readonly state: UploadState
  /** Up to which the server has answered, or after which it wants to go on. Nothing else is decided (SPEC U5). */
  readonly answeredUpTo: number
  /** Up to which it was sent, answered or not. */
  readonly handedUpTo: number
  /** Outages in a row. */
  readonly attempt: number
  /** How many mutations go into one request. */
  readonly batchSize: number
  /** How long the server wants to be left alone, in milliseconds. */
  readonly leastPauseMs: number
}

type UploadState = 'idle' | 'sending' | 'waiting' | 'ended'

export type UploadEvent =
  /** There may be something to send: a local write, or the start. */
  | { readonly kind: 'wake' }
  /** The server was reached in some way. */
  | { readonly kind: 'contact' }
  | { readonly kind: 'timer' }
  /** A batch that ends with this number goes out now. */
  | { readonly kind: 'handed'; readonly upTo: number }
  | { readonly kind: 'nothing_left' }
  /** All of the batch is decided. */
  | { readonly kind: 'answered' }
  /** No answer, or one that says "later". */
  | { readonly kind: 'outage'; readonly retryAfterMs: number }
  /** The server wants to go on with this number. */
  | { readonly kind: 'gap'; readonly expected: number }
  | { readonly kind: 'too_large' }
  /** The server does not take the batch as it is. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'stop' }

type UploadEffect =
  | 'none'
  /** Look for the next batch and send it. */
  | 'send'
  /** Try again after `pauseOf`. */
  | 'wait'
  /** As `wait`, and a person should know why. */
  | 'tell_and_wait'

interface UploadStep {
  readonly next: Upload
  readonly effect: UploadEffect
}

type Transition<K> = (upload: Upload, event: Extract<UploadEvent, { readonly kind: K }>) => UploadStep
type Transitions = { readonly [K in UploadEvent['kind']]: Transition<K> }

export const initialUpload = (answeredUpTo: number): Upload => ({
  state: 'idle',
  answeredUpTo,
  handedUpTo: answeredUpTo,
  attempt: 0,
  batchSize: maxBatch,
  leastPauseMs: 0,
})

const stay = (next: Upload): UploadStep => ({ next, effect: 'none' })
const send = (upload: Upload): UploadStep => ({
  next: { ...upload, state: 'sending', leastPauseMs: 0 },
  effect: 'send',
})
const end = (upload: Upload): UploadStep => ({ next: { ...upload, state: 'ended' }, effect: 'none' })

const wait = (upload: Upload, effect: 'wait' | 'tell_and_wait' = 'wait'): UploadStep => ({
  next: { ...upload, state: 'waiting', attempt: upload.attempt + 1 },
  effect,
})

/** Nothing is under way, so nothing can be answered. */
const resting: Transitions = {
  wake: send,
  contact: stay,
  timer: stay,
  handed: stay,
  nothing_left: stay,
  answered: stay,
  outage: stay,
  gap: stay,
  too_large: stay,
  refused: stay,
  stop: end,
}

const transitions: Record<UploadState, Transitions> = {
  idle: resting,
  sending: {
    // Whoever is done looks for more by itself, and goes idle with nothing left (SPEC U2).
    wake: stay,
    contact: stay,
    timer: stay,
    handed: (upload, { upTo }) => stay({ ...upload, handedUpTo: upTo }),
    nothing_left: (upload) => stay({ ...upload, state: 'idle' }),
    answered: (upload) =>
      send({
        ...upload,
        answeredUpTo: upload.handedUpTo,
        attempt: 0,
        batchSize: Math.min(maxBatch, 2 * upload.batchSize),
      }),
    // On a slow line less may get through, where the same once more would not (FAULTS N5).
    outage: (upload, { retryAfterMs }) =>
      wait({ ...upload, leastPauseMs: retryAfterMs, batchSize: Math.ceil(upload.batchSize / 2) }),
    // What it asks for a second time is not kept here any more: a person must know (SPEC U4).
    gap: (upload, { expected }) =>
      wait(
        { ...upload, answeredUpTo: expected - 1, handedUpTo: expected - 1 },
        expected - 1 === upload.answeredUpTo ? 'tell_and_wait' : 'wait',
      ),
    too_large: (upload) =>
      upload.batchSize > 1
        ? send({ ...upload, batchSize: Math.ceil(upload.batchSize / 4) })
        : wait(upload, 'tell_and_wait'),
    refused: (upload) => wait(upload, 'tell_and_wait'),
    stop: end,
  },
  waiting: {
    ...resting,
    wake: stay,
    // That it answers others does not mean that it takes this again before the time that it has named (FAULTS N11).
    contact: (upload) => (upload.leastPauseMs > 0 ? stay(upload) : send(upload)),
    timer: send,
  },
  ended: { ...resting, wake: stay, stop: stay },
}

/** What follows from an event. Every state names every event: one that is forgotten does not compile. */
export const uploadStep = <K extends UploadEvent['kind']>(
  upload: Upload,
  event: Extract<UploadEvent, { readonly kind: K }>,
): UploadStep => {
  const transition: Transition<K> = transitions[upload.state][event.kind]
  return transition(upload, event)
}

const firstPauseMs = 250
/** Short, so that everything has drained well within 30 s of an outage's end (FAULTS I8). */
const longestPauseMs = 4000

/** How long to wait before the next try, in milliseconds: full jitter, `random` in [0, 1), after what the server asks for. */
export const pauseOf = ({ attempt, leastPauseMs }: Upload, random: number): number =>
  leastPauseMs +
  firstPauseMs / 2 +
  random * Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(Math.max(0, attempt - 1), 16))
