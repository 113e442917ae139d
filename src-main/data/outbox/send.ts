import { maxBatch, mutationsResponse } from '../../../src-shared/contract/http.ts'
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

/**
 * Sends the outbox in order, a batch at a time, until the server has decided all of it. A lost answer costs nothing: the
 * same mutations go again under the same ids (promise 3). Never needs a new local write to go on (FAULTS N6).
 */
export const startSender = (parts: SenderParts): Sender => {
  let state: UploadState = 'idle'
  let attempt = 0
  let timer: NodeJS.Timeout | undefined
  /** What an HTTP answer acknowledged before the log did; only saves sending it twice. */
  let answeredUpTo = 0
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
    const batch = parts.desk.mutationsAfter(Math.max(parts.progress(), answeredUpTo), batchSize)
    if (batch.length === 0) {
      state = 'idle'
      return
    }
    try {
      const answer = await parts.server.post('/v1/mutations', { mutations: batch }, mutationsResponse)
      answeredUpTo = answer.last_seq
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
      answeredUpTo = Number(error.details['expected']) - 1
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
