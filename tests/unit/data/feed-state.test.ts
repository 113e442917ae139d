import { describe, expect, test } from 'vitest'
import {
  type Feed,
  type FeedEffect,
  type FeedEventKind,
  type FeedState,
  feedStep,
} from '../../../src-main/data/sync/feed-state.ts'

const at = (state: FeedState): Feed => ({ state, source: 'snapshot' })

/** What comes of events, one after the other. */
const after = (feed: Feed, ...events: readonly FeedEventKind[]): Feed & { readonly effects: readonly FeedEffect[] } => {
  const effects: FeedEffect[] = []
  let now = feed
  for (const event of events) {
    const { next, effect } = feedStep(now, event)
    now = next
    effects.push(effect)
  }
  return { ...now, effects }
}

describe('the feed', () => {
  test('shows nothing before the first up-to-date (F1)', () => {
    expect(after(at('filling'), 'entries', 'up-to-date', 'shown')).toMatchObject({
      state: 'live',
      effects: ['append', 'show', 'none'],
    })
  })

  test('applies a batch as a whole (F2)', () => {
    expect(after(at('live'), 'entries', 'entries', 'up-to-date')).toMatchObject({
      state: 'live',
      effects: ['buffer', 'buffer', 'apply'],
    })
  })

  test('fills another replica when the log is lost, and again when it is lost meanwhile (F3)', () => {
    const lost: readonly FeedEventKind[] = ['must-refetch', 'begun']

    expect(after(at('live'), ...lost)).toMatchObject({ state: 'filling', effects: ['start_over', 'follow'] })
    expect(after(at('filling'), ...lost)).toMatchObject({ state: 'filling', effects: ['start_over', 'follow'] })
  })

  test('goes on some time after the stream ended, from the same place (F6)', () => {
    for (const state of ['live', 'filling'] as const) {
      expect(after(at(state), 'failed', 'timer')).toMatchObject({ state, effects: ['follow_later', 'follow'] })
    }
  })

  test('tries again to make a replica that could not be made (F8)', () => {
    expect(after(at('live'), 'damaged', 'failed', 'timer', 'begun')).toMatchObject({
      state: 'filling',
      effects: ['start_over', 'follow_later', 'start_over', 'follow'],
    })
  })

  test('does nothing any more after the stop', () => {
    const events: readonly FeedEventKind[] = ['failed', 'timer', 'up-to-date', 'begun', 'damaged', 'accepted', 'stop']

    expect(after(at('live'), 'stop', ...events).effects).toEqual(['end', ...events.map(() => 'none')])
  })
})

describe('what would take much away (F7)', () => {
  test('waits for a person, and nothing else is applied meanwhile', () => {
    expect(after(at('live'), 'up-to-date', 'heavy', 'up-to-date', 'accepted')).toMatchObject({
      state: 'live',
      effects: ['apply', 'hold', 'none', 'apply_accepted'],
    })
    expect(after(at('filling'), 'up-to-date', 'heavy', 'up-to-date', 'accepted', 'shown')).toMatchObject({
      state: 'live',
      effects: ['show', 'hold', 'none', 'show_accepted', 'none'],
    })
  })

  test('is forgotten with the replica that is given up, so that a late word does not bring it back', () => {
    expect(after(at('batch_held'), 'damaged', 'accepted', 'begun', 'accepted')).toMatchObject({
      state: 'filling',
      effects: ['start_over', 'none', 'follow', 'none'],
    })
  })
})

describe('a newer snapshot (F10, F11)', () => {
  test('is looked for once for each batch that is long', () => {
    expect(after(at('live'), 'crowded', 'crowded', 'up-to-date', 'crowded').effects).toEqual([
      'look_for_snapshot',
      'none',
      'apply',
      'look_for_snapshot',
    ])
  })

  test('fills a replica beside the shown one', () => {
    expect(after(at('crowded'), 'newer_snapshot', 'begun')).toMatchObject({
      state: 'filling',
      source: 'snapshot',
      effects: ['start_over', 'follow'],
    })
  })

  test('is not used once where the server would not go on from it', () => {
    const lost = after(at('filling'), 'loaded', 'must-refetch', 'begun')

    expect(lost.source).toBe('log')
    expect(after(lost, 'failed', 'timer').source).toBe('log')
    expect(after(lost, 'must-refetch', 'begun').source).toBe('snapshot')
    expect(after(lost, 'up-to-date', 'shown').source).toBe('snapshot')
  })

  test('is not used either when the replica could only be made at the second try', () => {
    expect(after(at('filling'), 'loaded', 'must-refetch', 'failed', 'timer', 'begun').source).toBe('log')
  })
})
