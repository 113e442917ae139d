import { describe, expect, test } from 'vitest'
import { feedStep, followStep } from '../../../src-main/data/sync/feed-state.ts'

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

describe('following the log (F6)', () => {
  test('goes on some time after the stream ended', () => {
    expect(followStep('following', 'ended')).toEqual({ next: 'paused', effect: 'follow_later' })
    expect(followStep('paused', 'timer')).toEqual({ next: 'following', effect: 'follow' })
  })

  test('does not begin twice when an ended stream ends once more', () => {
    expect(followStep('paused', 'ended').effect).toBe('none')
  })

  test('never goes on after the stop', () => {
    for (const event of ['ended', 'timer', 'stop'] as const) {
      expect(followStep('stopped', event)).toEqual({ next: 'stopped', effect: 'none' })
    }
  })
})
