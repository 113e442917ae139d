import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  feedStep,
  pauseMs,
  type UploadEvent,
  type UploadState,
  uploadStep,
} from '../../../src-main/data/sync/sync-state.ts'

const uploadEvents: readonly UploadEvent[] = ['wake', 'contact', 'answered', 'outage', 'revoked', 'timer']

describe('the feed', () => {
  test('shows nothing before the first up-to-date (F1)', () => {
    expect(feedStep('loading', 'entries')).toEqual({ next: 'loading', effect: 'append' })
    expect(feedStep('loading', 'up-to-date')).toEqual({ next: 'live', effect: 'show' })
  })

  test('applies a batch as a whole (F2)', () => {
    expect(feedStep('live', 'entries').effect).toBe('buffer')
    expect(feedStep('live', 'up-to-date')).toEqual({ next: 'live', effect: 'apply' })
  })

  test('fills another replica when the log is lost, and again when it is lost meanwhile (F3)', () => {
    expect(feedStep('live', 'must-refetch')).toEqual({ next: 'renewing', effect: 'start_over' })
    expect(feedStep('renewing', 'must-refetch')).toEqual({ next: 'renewing', effect: 'start_over' })
    expect(feedStep('renewing', 'up-to-date')).toEqual({ next: 'live', effect: 'show' })
  })
})

describe('the outbox', () => {
  test('never stays waiting: a timer or any contact sends again (U3)', () => {
    expect(uploadStep('waiting', 'timer').effect).toBe('send')
    expect(uploadStep('waiting', 'contact').effect).toBe('send')
  })

  test('has one request under way at most, whatever happens in whatever order', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...uploadEvents), { maxLength: 60 }), (events) => {
        let state: UploadState = 'idle'
        let isUnderWay = false
        for (const event of events) {
          // An answer or an outage comes only for a request; a timer only while waiting.
          if ((event === 'answered' || event === 'outage') && !isUnderWay) continue
          if (event === 'timer' && state !== 'waiting') continue
          const { next, effect } = uploadStep(state, event)
          if (event === 'answered' || event === 'outage') isUnderWay = false
          expect(effect === 'send' && isUnderWay).toBe(false)
          isUnderWay ||= effect === 'send'
          state = next
          expect(state === 'waiting' && isUnderWay).toBe(false)
        }
      }),
    )
  })

  test('pauses at most some seconds, so that an outage’s end is noticed', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempt, random) => {
        expect(pauseMs(attempt, random)).toBeGreaterThan(100)
        expect(pauseMs(attempt, random)).toBeLessThan(4200)
      }),
    )
  })
})
