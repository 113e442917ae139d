import { getEventListeners } from 'node:events'
import { describe, expect, test } from 'vitest'
import { fetchPart, type Line, NotGiven } from '../../../src-main/data/snapshot/fetch-part.ts'
import { Outage } from '../../../src-main/data/sync/server.ts'
import { requestHeader } from '../../../src-shared/contract/http.ts'
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

/** A server that answers so often in this way before it gives the part, and this for the log; every pause is over at once. */
const lineWith = (answer: () => Response, times: number, logStatus = (): number => 503) => {
  const pauses: number[] = []
  const abort = new AbortController()
  let asked = 0
  let askedForLog = 0
  const line: Line = {
    url: 'http://server',
    server: {
      fetch: async (input) => {
        if ((input as string).startsWith('http://server/v1/shape?')) {
          askedForLog += 1
          return new Response('[]', { status: logStatus() })
        }
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
  const counts = () => ({ asked, askedForLog })
  return { line, pauses, counts, listeners: () => getEventListeners(abort.signal, 'abort').length }
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

  const badGateway = () => new Response('Bad gateway', { status: 502 })
  const cut = () => {
    throw new Outage(new Error('reset'))
  }

  test.each([
    ['a gateway has no time for it', badGateway],
    ['the line is cut each time', cut],
  ])('is given up where %s, and the log comes (F10)', async (_, answer) => {
    const { line, counts } = lineWith(answer, 1000, () => 200)

    await expect(fetchPart(line, manifest, 0)).rejects.toThrow(NotGiven)

    // Once more after the log came: the line may have come back just then.
    expect(counts()).toEqual({ asked: 21, askedForLog: 1 })
  })

  test('is not given up where the line came back when the log was asked for (F10)', async () => {
    const { line, counts } = lineWith(cut, 20, () => 200)

    expect(await fetchPart(line, manifest, 0)).toEqual(bytes)
    expect(counts()).toEqual({ asked: 21, askedForLog: 1 })
  })

  test('is waited for while the log does not come either (F10)', async () => {
    const statuses = [502, 502, 502, 200]
    const { line, counts } = lineWith(badGateway, 1000, () => statuses.shift() ?? 500)

    await expect(fetchPart(line, manifest, 0)).rejects.toThrow(NotGiven)

    expect(counts()).toEqual({ asked: 81, askedForLog: 4 })
  })

  test('is waited for while our own server says that it has no time (N11)', async () => {
    const headers = { [requestHeader]: 'the name of the request' }
    const { line, counts } = lineWith(
      () => new Response('{}', { status: 503, headers }),
      100,
      () => 200,
    )

    expect(await fetchPart(line, manifest, 0)).toEqual(bytes)
    expect(counts()).toEqual({ asked: 101, askedForLog: 0 })
  })
})
