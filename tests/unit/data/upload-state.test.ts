import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  initialUpload,
  pauseOf,
  type Upload,
  type UploadEvent,
  uploadStep,
} from '../../../src-main/data/outbox/upload-state.ts'

const anyEvent: fc.Arbitrary<UploadEvent> = fc.oneof(
  fc.constantFrom<UploadEvent>(
    { kind: 'wake' },
    { kind: 'contact' },
    { kind: 'timer' },
    { kind: 'nothing_left' },
    { kind: 'answered' },
    { kind: 'outage', retryAfterMs: 0 },
    { kind: 'outage', retryAfterMs: 2000 },
    { kind: 'too_large' },
    { kind: 'refused' },
  ),
  fc.nat(20).map((upTo): UploadEvent => ({ kind: 'handed', upTo })),
  fc.nat(20).map((expected): UploadEvent => ({ kind: 'gap', expected })),
)

const after = (...events: readonly UploadEvent[]): Upload =>
  events.reduce((upload, event) => uploadStep(upload, event).next, initialUpload(0))

const waiting = after({ kind: 'wake' }, { kind: 'outage', retryAfterMs: 0 })

describe('the outbox', () => {
  test('never stays waiting: a timer or any contact sends again (U3)', () => {
    expect(waiting.state).toBe('waiting')
    expect(uploadStep(waiting, { kind: 'timer' }).effect).toBe('send')
    expect(uploadStep(waiting, { kind: 'contact' }).effect).toBe('send')
  })

  test('gets through a line on which only small batches arrive in time, and sends more again where it can (U3, N5)', () => {
    const [queued, fits] = [300, 40]
    let upload = after({ kind: 'wake' })
    const arrived: number[] = []
    for (let tries = 0; tries < 100 && upload.answeredUpTo < queued; tries += 1) {
      const size = Math.min(upload.batchSize, queued - upload.answeredUpTo)
      const event: UploadEvent = size <= fits ? { kind: 'answered' } : { kind: 'outage', retryAfterMs: 0 }
      if (event.kind === 'answered') arrived.push(size)
      upload = uploadStep(upload, { kind: 'handed', upTo: upload.answeredUpTo + size }).next
      upload = uploadStep(upload, event).next
      if (event.kind === 'outage') upload = uploadStep(upload, { kind: 'timer' }).next
    }

    expect(upload.answeredUpTo).toBe(queued)
    expect(Math.max(...arrived)).toBeGreaterThan(fits / 2)
    expect(uploadStep(upload, { kind: 'answered' }).next.batchSize).toBeGreaterThan(upload.batchSize)
  })

  test('has one request under way at most, and always a way on, whatever happens in whatever order', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 80 }), (events) => {
        let upload = initialUpload(0)
        let isUnderWay = false
        let hasTimer = false
        for (const event of events) {
          const isAnswer = !['wake', 'contact', 'timer', 'handed'].includes(event.kind)
          // An answer comes only for a request; a timer only where one runs.
          if (isAnswer && !isUnderWay) continue
          if (event.kind === 'timer' && !hasTimer) continue
          if (isAnswer) isUnderWay = false
          if (event.kind === 'timer') hasTimer = false
          const { next, effect } = uploadStep(upload, event)
          expect(effect === 'send' && isUnderWay).toBe(false)
          if (effect === 'send') [isUnderWay, hasTimer] = [true, false]
          if (effect === 'wait' || effect === 'tell_and_wait') hasTimer = true
          upload = next
          expect(upload.state === 'idle' || isUnderWay || hasTimer).toBe(true)
        }
      }),
    )
  })

  test('is idle only when it has looked and found nothing left (U2)', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 80 }), (events) => {
        let upload = after({ kind: 'wake' })
        for (const event of events) {
          const { next } = uploadStep(upload, event)
          const hasLooked = upload.state === 'idle' || (upload.state === 'sending' && event.kind === 'nothing_left')
          expect(next.state !== 'idle' || hasLooked).toBe(true)
          upload = next
        }
      }),
    )
  })

  test('passes over nothing: what is answered was handed over, or is where the server wants to go on (U4, U5)', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 80 }), (events) => {
        let upload = initialUpload(0)
        for (const event of events) {
          const before = upload
          upload = uploadStep(upload, event).next
          const isAnswer = event.kind === 'answered' && before.state === 'sending'
          const allowed = isAnswer ? before.handedUpTo : before.answeredUpTo
          expect(event.kind === 'gap' || upload.answeredUpTo === allowed).toBe(true)
        }
      }),
    )
  })

  test('leaves a server alone as long as that asks for, whatever it answers to others meanwhile (N11)', () => {
    const asked = after({ kind: 'wake' }, { kind: 'outage', retryAfterMs: 2000 })

    expect(uploadStep(asked, { kind: 'contact' }).effect).toBe('none')
    expect(pauseOf(asked, 0)).toBeGreaterThan(2000)
    expect(pauseOf(asked, 0.999)).toBeGreaterThan(pauseOf(asked, 0) + 100)
    const again = uploadStep(asked, { kind: 'timer' })
    expect(again.effect).toBe('send')
    expect(pauseOf(uploadStep(again.next, { kind: 'outage', retryAfterMs: 0 }).next, 0)).toBeLessThan(2000)
  })

  test('pauses at most some seconds, so that an outage’s end is noticed', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempt, random) => {
        expect(pauseOf({ ...waiting, attempt }, random)).toBeGreaterThan(100)
        expect(pauseOf({ ...waiting, attempt }, random)).toBeLessThan(4200)
      }),
    )
  })
})
