import { describe, expect, test } from 'vitest'
import { fetchWatched } from '../../../src-main/data/sync/fetch-watched.ts'

/** Time that passes by hand. */
const handClock = () => {
  const plans = new Set<{ readonly at: number; readonly work: () => void }>()
  let now = 0
  return {
    clock: {
      now: () => now,
      after: (ms: number, work: () => void) => {
        const plan = { at: now + ms, work }
        plans.add(plan)
        return () => void plans.delete(plan)
      },
    },
    pass: (ms: number) => {
      now += ms
      for (const plan of plans) {
        if (plan.at > now) continue
        plans.delete(plan)
        plan.work()
      }
    },
    planned: () => plans.size,
  }
}

const silent: typeof fetch = (_input, init) =>
  new Promise((_resolve, reject) => {
    init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error))
  })

describe('a request to the server', () => {
  test('on a line that died half open is given up (N5)', async () => {
    const { clock, pass } = handClock()
    const [answer] = await Promise.allSettled([
      fetchWatched({ clock, fetch: silent }, 'http://server', {}),
      Promise.resolve().then(() => pass(30_000)),
    ])

    expect(answer).toMatchObject({ status: 'rejected', reason: { name: 'TimeoutError' } })
  })

  test('may take as long as it flows (N5)', async () => {
    const { clock, pass, planned } = handClock()
    let feed: ReadableStreamDefaultController<Uint8Array> | undefined
    const body = new ReadableStream<Uint8Array>({ start: (controller) => void (feed = controller) })
    const response = await fetchWatched({ clock, fetch: async () => new Response(body) }, 'http://server', {})
    const text = response.text()

    for (const letter of 'slow') {
      pass(20_000)
      feed?.enqueue(Buffer.from(letter))
      await new Promise(setImmediate)
    }
    feed?.close()

    expect(await text).toBe('slow')
    expect(planned()).toBe(0)
  })

  test('that is called off by us is no silence', async () => {
    const { clock, planned } = handClock()
    const abort = new AbortController()
    const answer = fetchWatched({ clock, fetch: silent }, 'http://server', { signal: abort.signal })

    abort.abort(new Error('stopped'))

    await expect(answer).rejects.toThrow('stopped')
    expect(planned()).toBe(0)
  })
})
