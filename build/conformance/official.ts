import { setTimeout as delay } from 'node:timers/promises'
import {
  FetchError,
  isChangeMessage,
  type Message,
  type Offset,
  type ShapeStreamOptions,
  ShapeStream,
} from '@electric-sql/client'
import { type Check, must, mustBe, needed, Skipped } from './check.ts'
import { after, changesIn, lastOf, load, type Target } from './target.ts'

/** What a client of the official library has seen. */
interface Follower {
  readonly keys: Set<string>
  readonly controls: string[]
  readonly errors: unknown[]
  readonly stream: ShapeStream
  readonly stop: () => void
}

const follow = (target: Target, options: Partial<ShapeStreamOptions> = {}): Follower => {
  const abort = new AbortController()
  const keys = new Set<string>()
  const controls: string[] = []
  const errors: unknown[] = []
  const { table = 'sync_log', ...params } = target.params
  const stream = new ShapeStream({
    url: target.url,
    params: { table, ...params },
    headers: { ...target.headers },
    fetchClient: target.fetch,
    signal: abort.signal,
    warnOnHttp: false,
    backoffOptions: { initialDelay: 50, maxDelay: 500, multiplier: 2 },
    onError: (error) => void errors.push(error),
    ...options,
  })
  stream.subscribe(
    (messages: Message[]) => {
      for (const message of messages) {
        if (isChangeMessage(message)) keys.add(message.key)
        else if (typeof message.headers.control === 'string') controls.push(message.headers.control)
        if (message.headers.control === 'must-refetch') keys.clear()
      }
    },
    (error) => void errors.push(error),
  )
  return { keys, controls, errors, stream, stop: () => abort.abort() }
}

const until = async (isSo: () => boolean, what: string, patienceMs: number): Promise<void> => {
  const latest = performance.now() + patienceMs
  while (!isSo()) {
    must(performance.now() < latest, `${what} does not happen`)
    await delay(10)
  }
}

const isUpToDate = ({ controls }: Follower): boolean => controls.at(-1) === 'up-to-date'
const hasLoaded = async (follower: Follower, { patienceMs }: Target): Promise<void> => {
  await until(() => isUpToDate(follower) || follower.errors.length > 0, 'up-to-date', patienceMs)
  must(follower.errors.length === 0, `the client gave up: ${String(follower.errors[0])}`)
}

const keysOf = async (target: Target): Promise<readonly string[]> =>
  (await load(target)).flatMap(changesIn).map(({ key = '' }) => key)

const mustHaveAll = async (target: Target, { keys }: Follower): Promise<void> => {
  const missing = (await keysOf(target)).filter((key) => !keys.has(key))
  mustBe(missing.length, 0, 'the number of rows that the client has not')
}

/** The same answers, but for some that are made another. */
const withFetch = (target: Target, fetcher: (input: string, init?: RequestInit) => Promise<Response>): Target => ({
  ...target,
  fetch: async (input, init) => fetcher(String(input instanceof Request ? input.url : input), init),
})

/** Runs, and whatever happens ends the clients. */
const following = async (followers: readonly Follower[], work: () => Promise<void>): Promise<void> => {
  try {
    await work()
  } finally {
    for (const follower of followers) follower.stop()
  }
}

/** The official client, from beginning to end. */
export const officialChecks: readonly Check[] = [
  {
    id: 'O01',
    rule: 'the official client loads all of it',
    run: async (target) => {
      const follower = follow(target)
      await following([follower], async () => {
        await hasLoaded(follower, target)
        await mustHaveAll(target, follower)
      })
    },
  },
  {
    id: 'O02',
    rule: 'the official client hears of a change while it is live, and so does another one beside it',
    run: async (target) => {
      const change = needed(target.change, '--change')
      const followers = [follow(target), follow(target)]
      await following(followers, async () => {
        for (const follower of followers) await hasLoaded(follower, target)
        const before = followers.map(({ keys }) => keys.size)
        await change()
        await until(
          () => followers.every(({ keys }, index) => keys.size > (before[index] ?? 0)),
          'the change',
          target.patienceMs,
        )
      })
    },
  },
  {
    id: 'O03',
    rule: 'the official client resumes from an offset and a handle, gets what is new, and is told that it is up to date',
    run: async (target) => {
      const change = needed(target.change, '--change')
      const first = follow(target)
      await following([first], async () => hasLoaded(first, target))
      const place = { offset: first.stream.lastOffset, handle: first.stream.shapeHandle ?? '' }
      await change()
      const second = follow(target, place)
      await following([second], async () => {
        await hasLoaded(second, target)
        must(second.keys.size > 0, 'the change is not there')
        must(second.keys.size < first.keys.size || first.keys.size <= 1, 'it loaded everything anew')
      })
    },
  },
  {
    id: 'O04',
    rule: 'the official client survives a 409 in the middle of a load and has everything afterwards (§3)',
    run: async (target) => {
      let isSent = false
      const broken = withFetch(target, async (input, init) => {
        const url = new URL(input)
        if (!isSent && url.searchParams.has('handle')) {
          isSent = true
          url.searchParams.set('handle', 'a-handle-that-nobody-made')
        }
        return target.fetch(url.href, init)
      })
      const follower = follow(broken)
      await following([follower], async () => {
        await until(() => follower.controls.includes('must-refetch'), 'must-refetch', target.patienceMs)
        await hasLoaded(follower, target)
        await mustHaveAll(target, follower)
      })
    },
  },
  {
    id: 'O05',
    rule: 'the official client goes on through a restart of the server, without starting afresh',
    run: async (target) => {
      const [restart, change] = [needed(target.restart, '--restart'), needed(target.change, '--change')]
      const follower = follow(target)
      await following([follower], async () => {
        await hasLoaded(follower, target)
        await restart()
        const before = follower.keys.size
        await change()
        await until(() => follower.keys.size > before, 'the change', target.patienceMs)
        must(!follower.controls.includes('must-refetch'), 'it started afresh')
      })
    },
  },
  {
    id: 'O06',
    rule: 'the official client that is live when its shape is given up starts afresh and has everything (§3)',
    run: async (target) => {
      const [expire, change] = [needed(target.expire, '--expire'), needed(target.change, '--change')]
      const follower = follow(target)
      await following([follower], async () => {
        await hasLoaded(follower, target)
        await expire()
        await change()
        await until(() => follower.controls.includes('must-refetch'), 'must-refetch', target.patienceMs)
        await hasLoaded(follower, target)
        await mustHaveAll(target, follower)
      })
    },
  },
  {
    id: 'O07',
    rule: 'the official client that is ended asks no more, and makes no error',
    run: async (target) => {
      let requests = 0
      const counted = withFetch(target, async (input, init) => {
        requests += 1
        return target.fetch(input, init)
      })
      const follower = follow(counted)
      await following([follower], async () => hasLoaded(follower, target))
      await delay(50)
      const before = requests
      await delay(200)
      mustBe(requests, before, 'the number of requests')
      mustBe(follower.errors.length, 0, 'the number of errors')
    },
  },
  {
    id: 'O08',
    rule: 'the official client understands that it is refused, and does not try for ever (§5)',
    run: async (target) => {
      if (Object.keys(target.headers).length === 0) throw new Skipped('needs --token')
      let requests = 0
      const counted = withFetch(target, async (input, init) => {
        requests += 1
        return target.fetch(input, init)
      })
      const follower = follow({ ...counted, headers: {} })
      await following([follower], async () => {
        await until(() => follower.errors.length > 0 || requests > 20, 'an error', target.patienceMs)
        const [error] = follower.errors
        must(error instanceof FetchError, `${requests} requests, and no error of the server`)
        must(error.status === 401 || error.status === 403, `the status is ${error.status}`)
        must(error.json !== undefined, 'the error has no JSON')
      })
    },
  },
  {
    id: 'O09',
    rule: 'the official client that begins at an offset where the shape never was starts afresh (§4)',
    run: async (target) => {
      const { handle } = after(lastOf(await load(target)))
      const beyond: Offset = '900000000000000_0'
      const follower = follow(target, { offset: beyond, handle })
      await following([follower], async () => {
        await until(
          () => follower.controls.includes('must-refetch') || follower.errors.length > 0,
          'must-refetch',
          target.patienceMs,
        )
        await hasLoaded(follower, target)
        await mustHaveAll(target, follower)
      })
    },
  },
  {
    id: 'O10',
    rule: 'a line that breaks in the middle of an answer costs the official client nothing',
    run: async (target) => {
      let answers = 0
      const broken = withFetch(target, async (input, init) => {
        const response = await target.fetch(input, init)
        answers += 1
        if (answers !== 2) return response
        await response.body?.cancel()
        throw new TypeError('the line broke')
      })
      const follower = follow(broken)
      await following([follower], async () => {
        await hasLoaded(follower, target)
        await mustHaveAll(target, follower)
      })
    },
  },
]
