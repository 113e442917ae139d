import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { fetchPart, type Line, NotGiven } from '../../../src-main/data/snapshot/fetch-part.ts'
import type { SnapshotManifest } from '../../../src-shared/contract/snapshot.ts'

const bytes = Uint8Array.from([1, 2, 3, 4])
const manifest: SnapshotManifest = {
  id: 'a-snapshot',
  extent: 'whole',
  fingerprint: 'f',
  handle: 'handle-1',
  epoch: '00000000-0000-4000-8000-0000000000ee',
  position: 1,
  latest_hlc: null,
  rows: 4,
  taken_at: '2026-11-21T05:00:00.000Z',
  parts: [{ bytes: 4, raw_bytes: 4, sha256: '0'.repeat(64), rows: 4 }],
}

/** A server that answers so often in this way before it gives the part; every pause is over at once. */
const lineWith = (answer: () => Response, times: number) => {
  const pauses: number[] = []
  const abort = new AbortController()
  let asked = 0
  const line: Line = {
    url: 'http://server',
    server: {
      fetch: async () => {
        asked += 1
        return asked <= times ? answer() : new Response(bytes)
      },
    },
    environment: {
      clock: {
        now: () => 0,
        after: (milliseconds, work) => {
          pauses.push(milliseconds)
          queueMicrotask(work)
          return () => undefined
        },
      },
      random: () => 0.5,
    },
    signal: abort.signal,
  }
  return { line, pauses, listeners: () => getEventListeners(abort.signal, 'abort').length }
}

describe('a part of a snapshot', () => {
  test.each([429, 502, 503, 504])('is waited for however often the server says %i (N11, F10)', async (status) => {
    const { line, pauses } = lineWith(() => new Response('{}', { status }), 100)

    expect(await fetchPart(line, manifest, 0)).toEqual(bytes)
    expect(Math.max(...pauses)).toBeLessThanOrEqual(4125)
  })

  test.each([
    ['7', 7000],
    ['86400', 60_000],
    ['Wed, 21 Oct 2026 07:28:00 GMT', 0],
  ])('is asked for again no sooner than Retry-After %s says, and within a minute (N11)', async (text, least) => {
    const { line, pauses } = lineWith(() => new Response('{}', { status: 503, headers: { 'retry-after': text } }), 1)

    await fetchPart(line, manifest, 0)

    expect(pauses).toEqual([least + 250])
  })

  test('that the server fails to read each time is given up', async () => {
    const { line } = lineWith(() => new Response('{}', { status: 500 }), 8)

    await expect(fetchPart(line, manifest, 0)).rejects.toThrow(NotGiven)
  })

  test('leaves nothing behind at the signal that would have ended it', async () => {
    const { line, listeners } = lineWith(() => new Response('{}', { status: 500 }), 3)

    await fetchPart(line, manifest, 0)

    expect(listeners()).toBe(0)
  })
})
