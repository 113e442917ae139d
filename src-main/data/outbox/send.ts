import { maxBatch, maxBatchBytes, type MutationEnvelope, mutationsResponse } from '../../../src-shared/contract/http.ts'
import { DomainError } from '../../../src-shared/errors.ts'
import type { Desk } from '../desk/desk.ts'
import { Outage, type Server } from '../sync/server.ts'
import { pauseMs, type UploadEvent, type UploadState, uploadStep } from '../sync/sync-state.ts'

export interface SenderParts {
  readonly desk: Pick<Desk, 'mutationsAfter'>
  readonly server: Pick<Server, 'post'>
  /** What the replica knows to be decided. */
  readonly progress: () => number
  readonly random: () => number
  /** The server will not take the batch as it is; it is tried again later. */
  readonly onProblem: (error: DomainError) => void
  readonly onFault: (error: unknown) => void
}

export interface Sender {
  readonly notify: (event: 'wake' | 'contact') => void
  readonly stop: () => void
}

interface Place {
  /** Up to which the server has answered, or after which it wants to go on. */
  answeredUpTo: number
  /** What was not handed over by this program is not decided, whatever the log says (SPEC U5). */
  handedUpTo: number
}

/**
 * Sends the outbox in order, a batch at a time, until the server has decided all of it. A lost answer costs nothing: the
 * same mutations go again under the same ids (promise 3). Never needs a new local write to go on (FAULTS N6).
 */
export const startSender = (parts: SenderParts): Sender => {
  let state: UploadState = 'idle'
  let attempt = 0
  let timer: NodeJS.Timeout | undefined
  const place: Place = { answeredUpTo: 0, handedUpTo: parts.progress() }
  let batchSize = maxBatch

  const step = (event: UploadEvent): void => {
    const { next, effect } = uploadStep(state, event)
    state = next
    if (effect === 'send') void send()
    if (effect === 'start_timer') {
      timer = setTimeout(() => step('timer'), pauseMs(attempt, parts.random()))
      attempt += 1
    }
  }

  const send = async (): Promise<void> => {
    clearTimeout(timer)
    try {
      const batch = nextBatch(parts, place, batchSize)
      const last = batch.at(-1)
      if (!last) {
        state = 'idle'
        return
      }
      place.handedUpTo = last.seq
      await parts.server.post('/v1/mutations', { mutations: batch }, mutationsResponse)
      // All of the batch is decided, whatever else the server knows of this device.
      place.answeredUpTo = last.seq
      attempt = 0
      batchSize = maxBatch
      step('answered')
    } catch (error) {
      step(eventOf(error))
    }
  }

  const eventOf = (error: unknown): UploadEvent => {
    if (error instanceof Outage) return 'outage'
    if (!(error instanceof DomainError)) {
      parts.onFault(error)
      return 'outage'
    }
    if (error.code === 'sequence_gap') {
      if (!goTo(place, Number(error.details['expected']) - 1)) parts.onProblem(error)
      return 'outage'
    }
    if (error.code === 'too_large' && batchSize > 1) {
      batchSize = Math.ceil(batchSize / 4)
      return 'answered'
    }
    parts.onProblem(error)
    return error.code === 'device_revoked' ? 'revoked' : 'outage'
  }

  return {
    notify: step,
    stop() {
      state = 'stopped'
      clearTimeout(timer)
    },
  }
}

const nextBatch = (
  { desk, progress }: SenderParts,
  { answeredUpTo, handedUpTo }: Place,
  size: number,
): readonly MutationEnvelope[] =>
  fitting(desk.mutationsAfter(Math.max(answeredUpTo, Math.min(progress(), handedUpTo)), size))

/** Follows the server. Answers whether that is news; what it asks for twice is not kept here any more. */
const goTo = (place: Place, seq: number): boolean => {
  const isNews = seq !== place.answeredUpTo
  place.answeredUpTo = seq
  place.handedUpTo = seq
  return isNews
}

/** As many as go into one request; the server may cut the line before it has read a larger one. */
const fitting = (mutations: readonly MutationEnvelope[]): readonly MutationEnvelope[] => {
  let bytes = 0
  const tooMany = mutations.findIndex((mutation) => {
    bytes += Buffer.byteLength(JSON.stringify(mutation)) + 1
    return bytes > maxBatchBytes
  })
  return tooMany === -1 ? mutations : mutations.slice(0, Math.max(1, tooMany))
}
