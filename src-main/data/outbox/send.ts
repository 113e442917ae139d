import {
  followsHeader,
  maxBatchBytes,
  type MutationEnvelope,
  type MutationOutcome,
  mutationsResponse,
} from '../../../src-shared/contract/http.ts'
import { DomainError } from '../../../src-shared/errors.ts'
import type { Desk } from '../desk/desk.ts'
import type { Hole } from '../desk/lost-work.ts'
import type { Environment } from '../environment.ts'
import { Outage, type Server } from '../sync/server.ts'
import { answeredUpTo, type Decided, keepAnswered } from './answered.ts'
import { initialUpload, pauseOf, type UploadEvent, uploadStep } from './upload-state.ts'

export interface SenderParts {
  readonly desk: Pick<Desk, 'mutationsAfter' | 'hasSkipped' | 'setting' | 'saveSetting'>
  readonly server: Pick<Server, 'post'>
  /** Looked at when it starts: whoever shows another replica starts it anew. */
  readonly decided: Decided
  readonly environment: Pick<Environment, 'clock' | 'random'>
  /** The server will not take the batch as it is; it is tried again later. */
  readonly onProblem: (error: DomainError) => void
  readonly onFault: (error: unknown) => void
  /** Puts something in the place of what was kept under these numbers and cannot be read any more (SPEC U9). */
  readonly replaceHole: (hole: Hole) => Promise<void>
  /** The server has refused work because this device is revoked. */
  readonly onRevoked: () => void
}

export interface SenderOptions {
  /** All that is kept goes once more, whatever was answered. */
  readonly isAll?: boolean
}

export interface Sender {
  readonly notify: (event: 'wake' | 'contact') => void
  /** Up to which the server has answered, when nothing is left to send. */
  readonly doneUpTo: () => number | undefined
  /** Why the server does not take what is sent, until it has taken it. */
  readonly problem: () => DomainError | null
  readonly stop: () => void
}

/**
 * Sends the outbox in order, a batch at a time, until the server has decided all of it. A lost answer costs nothing: the
 * same mutations go again under the same ids (promise 3). Never needs a new local write to go on (FAULTS N6). The thin
 * loop around upload-state.ts.
 */
export const startSender = (parts: SenderParts, { isAll = false }: SenderOptions = {}): Sender => {
  const { clock, random } = parts.environment
  const { epoch } = parts.decided
  let upload = initialUpload(isAll ? 0 : answeredUpTo(parts.desk, parts.decided))
  keepAnswered(parts.desk, upload.answeredUpTo, epoch)
  let cancelTimer = (): void => undefined
  /** The number that the server has asked for last. */
  let asked: number | undefined
  let problem: DomainError | null = null

  const step = (event: UploadEvent, error?: unknown): void => {
    const { next, effect } = uploadStep(upload, event)
    upload = next
    if (event.kind === 'answered') problem = null
    if (effect === 'none') return
    cancelTimer()
    if (effect === 'send') {
      void send()
      return
    }
    if (effect === 'tell_and_wait' && error instanceof DomainError) {
      problem = error
      parts.onProblem(error)
    }
    cancelTimer = clock.after(pauseOf(upload, random()), () => step({ kind: 'timer' }))
  }

  const send = async (): Promise<void> => {
    try {
      const after = upload.answeredUpTo
      const lost = lostBefore(parts, after)
      // Not unasked: what was decided and lost since is nobody's loss while the server has it.
      if (lost && lost.from === asked) await parts.replaceHole(lost)
      const batch = nextBatch(parts, after, upload.batchSize)
      const last = batch.at(-1)
      if (!last) {
        step({ kind: 'nothing_left' })
        return
      }
      step({ kind: 'handed', upTo: last.seq })
      const headers = skipsTo(parts, after, batch)
      const { outcomes } = await parts.server.post('/v1/mutations', { mutations: batch }, mutationsResponse, headers)
      requireAnswersTo(batch, outcomes)
      // Whoever has taken over may have begun further back.
      if (upload.state !== 'ended') keepAnswered(parts.desk, last.seq, epoch)
      step({ kind: 'answered' })
      if (outcomes.some(({ error }) => error?.code === 'device_revoked')) parts.onRevoked()
    } catch (error) {
      if (!(error instanceof Outage) && !(error instanceof DomainError)) parts.onFault(error)
      const event = eventOf(error)
      if (event.kind === 'gap') asked = event.expected
      step(event, error)
    }
  }

  return {
    notify: (kind) => step({ kind }),
    doneUpTo: () => (upload.state === 'idle' ? upload.answeredUpTo : undefined),
    problem: () => problem,
    stop() {
      step({ kind: 'stop' })
      cancelTimer()
    },
  }
}

/** One outcome each, in their order: what says less is no answer of our server. */
const requireAnswersTo = (batch: readonly MutationEnvelope[], outcomes: readonly MutationOutcome[]): void => {
  const isWhole = outcomes.length === batch.length && batch.every(({ id }, index) => outcomes[index]?.id === id)
  if (!isWhole) throw new Outage(new Error('This answers another batch'))
}

const eventOf = (error: unknown): UploadEvent => {
  if (!(error instanceof DomainError)) {
    return { kind: 'outage', retryAfterMs: error instanceof Outage ? error.retryAfterMs : 0 }
  }
  if (error.code === 'sequence_gap') return { kind: 'gap', expected: Number(error.details['expected']) }
  if (error.code === 'too_large') return { kind: 'too_large' }
  return { kind: 'refused' }
}

/** What was kept in front of the next one, and is gone: without a word of it the server would wait for it for ever. */
const lostBefore = (parts: SenderParts, after: number): Hole | undefined => {
  const hole = holeBefore(after, parts.desk.mutationsAfter(after, 1))
  return hole && !isNothingMissing(parts, hole) ? hole : undefined
}

const nextBatch = ({ desk }: SenderParts, after: number, size: number): readonly MutationEnvelope[] =>
  fitting(withoutHole(desk.mutationsAfter(after, size)))

/** Only what begins a request can be told to follow numbers that were skipped. */
const withoutHole = (mutations: readonly MutationEnvelope[]): readonly MutationEnvelope[] => {
  const hole = mutations.findIndex(({ seq }, index) => index > 0 && seq !== (mutations[index - 1]?.seq ?? 0) + 1)
  return hole === -1 ? mutations : mutations.slice(0, hole)
}

const holeBefore = (after: number, [first]: readonly MutationEnvelope[]): Hole | undefined =>
  first && first.seq > after + 1 ? { from: after + 1, to: first.seq - 1 } : undefined

const isNothingMissing = ({ desk }: SenderParts, { from, to }: Hole): boolean =>
  // What is kept no more was answered long ago, and a server that has lost it gets it from nobody (U4).
  desk.hasSkipped(from, to) || desk.mutationsAfter(0, 1)[0]?.seq === to + 1

/** Tells the server that nothing is missing before this batch (SPEC U10). */
const skipsTo = (parts: SenderParts, after: number, batch: readonly MutationEnvelope[]): Record<string, string> => {
  const hole = holeBefore(after, batch)
  return hole && isNothingMissing(parts, hole) ? { [followsHeader]: String(after) } : {}
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
