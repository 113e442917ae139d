import type { History } from './history.ts'
import type { Chance } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import { type Answer, NotServed, type Request } from './server.ts'
import { nothingNew } from './stuck-proxy.ts'

/** How the line of one device is. Percentages are of requests. */
export interface Weather {
  /** Which way nothing goes through, and whether the device is told so or left waiting. */
  cut: 'none' | 'out' | 'in' | 'both'
  isSilent: boolean
  lost: number
  duplicated: number
  truncated: number
  /** A captive portal's page with 200, a proxy's error, or "later". */
  strange: number
  /** An answer from a cache between. */
  stale: number
  /** A proxy that says of the log that nothing is new, at once, some times in a row. */
  stuck: number
  /** A mutation comes once more, under the same id, and says something else. */
  changed: number
  /** What the device sends up meets a server that has no time for it; the log goes on. */
  busy: number
  /** Milliseconds, one way. */
  readonly delay: [number, number]
}

export const fairWeather = (): Weather => ({
  cut: 'none',
  isSilent: false,
  lost: 0,
  duplicated: 0,
  truncated: 0,
  strange: 0,
  stale: 0,
  stuck: 0,
  changed: 0,
  busy: 0,
  delay: [2, 40],
})

export interface LinkParts {
  readonly name: string
  readonly scheduler: Scheduler
  readonly history: History
  readonly chance: Chance
  readonly serve: (request: Request) => Promise<Answer>
}

type Sent = Parameters<typeof fetch>

interface Exchange {
  readonly request: Request
  readonly settle: (answer: Answer) => void
  readonly fail: (why: string) => void
}

const toRequest = ([input, init]: Sent): Request => {
  const url = new URL(input instanceof globalThis.Request ? input.url : input)
  return {
    method: init?.method ?? 'GET',
    url: url.pathname + url.search,
    headers: Object.fromEntries(new Headers(init?.headers)),
    body: typeof init?.body === 'string' ? init.body : undefined,
  }
}

/** The line between one device and the server. */
export class Link {
  weather = fairWeather()
  readonly #parts: LinkParts
  /** Mutations that were sent a second time with another body, as they were sent. */
  readonly changed: string[] = []
  /** Ids of the mutations that have reached a server. */
  readonly delivered = new Set<string>()
  readonly #cache = new Map<string, Answer>()
  /** How often the proxy will say that nothing is new. */
  #stuckFor = 0
  /** Takes the ears off the signals of requests that are under way: Node keeps a signal for as long as somebody listens. */
  readonly #deafen = new Set<() => void>()

  constructor(parts: LinkParts) {
    this.#parts = parts
  }

  /** For one start of a device; `isDead` when that was killed. */
  fetchFor(isDead: () => boolean): typeof fetch {
    return (input, init) => {
      const { promise, resolve, reject } = Promise.withResolvers<Response>()
      let isOver = false
      const end = (finish: () => void): void => {
        deafen()
        // Who was killed learns of nothing.
        if (isOver || isDead()) return
        isOver = true
        finish()
      }
      const abort = (): void => end(() => reject(init?.signal?.reason as Error))
      const deafen = (): void => {
        init?.signal?.removeEventListener('abort', abort)
        this.#deafen.delete(deafen)
      }
      this.#deafen.add(deafen)
      init?.signal?.addEventListener('abort', abort)
      if (init?.signal?.aborted) abort()
      this.#carry({
        request: toRequest([input, init]),
        settle: ({ status, headers, body }) =>
          end(() => resolve(new Response(status === 204 || status === 304 ? null : body, { status, headers }))),
        fail: (why) => end(() => reject(new TypeError('fetch failed', { cause: new Error(why) }))),
      })
      return promise
    }
  }

  /** The run is over: nobody waits any more. */
  close(): void {
    for (const deafen of this.#deafen) deafen()
  }

  #fault(kind: string): void {
    this.#parts.history.count(`fault ${kind}`)
    this.#parts.history.note(this.#parts.name, `~ ${kind}`)
  }

  #later(work: () => void): void {
    const { scheduler, chance } = this.#parts
    scheduler.after(chance.int(...this.weather.delay), work)
  }

  /** The request on its way out. */
  #carry(exchange: Exchange): void {
    const { chance, scheduler, serve } = this.#parts
    const old = chance.happens(this.weather.stale) ? this.#cache.get(exchange.request.url) : undefined
    if (old) {
      this.#fault('stale cached answer')
      this.#later(() => exchange.settle(old))
      return
    }
    const empty = nothingNew(exchange.request)
    if (empty && this.#stuckFor === 0 && chance.happens(this.weather.stuck)) this.#stuckFor = 6
    if (empty && this.#stuckFor > 0) {
      this.#stuckFor -= 1
      this.#fault('stuck proxy')
      scheduler.after(chance.int(1, 20), () => exchange.settle(empty))
      return
    }
    if (isUpload(exchange.request) && chance.happens(this.weather.busy)) {
      this.#fault('busy server')
      this.#later(() => exchange.settle(later(503, chance)))
      return
    }
    const isDuplicated = chance.happens(this.weather.duplicated)
    const isLost = chance.happens(this.weather.lost)
    this.#later(() => {
      if (isLost || this.weather.cut === 'out' || this.weather.cut === 'both') {
        this.#fault('lost request')
        this.#lose(exchange)
        return
      }
      if (isDuplicated) {
        this.#fault('duplicated request')
        scheduler.after(chance.int(0, 3000), () => void serve(exchange.request).catch(() => undefined))
      }
      void this.#reach(exchange)
    })
  }

  async #reach(exchange: Exchange): Promise<void> {
    const { history, name, serve } = this.#parts
    const what = wordsOf(exchange.request)
    try {
      const answer = await serve(exchange.request)
      history.note(name, `${what} answered ${answer.status}`)
      for (const [, id] of idsIn(exchange.request)) this.delivered.add(String(id))
      if (answer.status === 200) this.#cache.set(exchange.request.url, answer)
      const extent = /^\/v1\/snapshot\?extent=(\w+)/.exec(exchange.request.url)?.[1]
      if (answer.status === 200 && extent !== undefined) history.count(`snapshot of ${extent}`)
      if (answer.status === 200) await this.#sendChanged(exchange.request)
      this.#later(() => this.#bring(exchange, answer))
    } catch (error) {
      if (!(error instanceof NotServed)) throw error
      history.note(name, `${what}: ${error.message}`)
      this.#later(() => exchange.fail(error.message))
    }
  }

  /** FAULTS N3. */
  async #sendChanged(request: Request): Promise<void> {
    const { chance, serve } = this.#parts
    if (request.body === undefined || !isUpload(request)) return
    if (!chance.happens(this.weather.changed)) return
    // What the device has sent a moment ago.
    const { mutations } = JSON.parse(request.body) as { readonly mutations: readonly object[] }
    const changed = { ...mutations.at(-1), args: { changed: chance.int(1, 1_000_000) } }
    const answer = await serve({ ...request, body: JSON.stringify({ mutations: [changed] }) }).catch(() => undefined)
    if (answer?.status !== 200) return
    this.#fault('mutation changed on its way')
    this.changed.push(JSON.stringify(changed))
  }

  /** The answer on its way back. */
  #bring(exchange: Exchange, answer: Answer): void {
    const { chance } = this.#parts
    const { weather } = this
    if (chance.happens(weather.lost) || weather.cut === 'in' || weather.cut === 'both') {
      this.#fault('lost answer')
      this.#lose(exchange)
      return
    }
    if (chance.happens(weather.truncated)) {
      this.#fault('truncated answer')
      exchange.settle({ ...answer, body: cut(answer.body, chance) })
      return
    }
    if (chance.happens(weather.strange)) {
      this.#fault('strange answer')
      exchange.settle(strangeAnswer(chance))
      return
    }
    exchange.settle(answer)
  }

  /** The device is told soon, or waits until it gives up by itself. */
  #lose(exchange: Exchange): void {
    const { scheduler, chance } = this.#parts
    if (!this.weather.isSilent) scheduler.after(chance.int(1, 2000), () => exchange.fail('connection reset'))
  }
}

const cut = (body: Answer['body'], chance: Chance): Answer['body'] => {
  const length = chance.int(0, Math.max(0, body.length - 1))
  if (typeof body === 'string') return body.slice(0, length)
  if (chance.happens(70)) return body.subarray(0, length)
  const spoiled = Buffer.from(body)
  spoiled.writeUInt8(spoiled.readUInt8(length) ^ 4, length)
  return spoiled
}

/** Of the mutations that it brings. */
const idsIn = (request: Request) => (isUpload(request) ? (request.body ?? '').matchAll(/"id":"([^"]+)","seq"/g) : [])

const isUpload = ({ url }: Request): boolean => url.startsWith('/v1/mutations')

/** Without what is as good as random. */
const wordsOf = ({ method, url, body }: Request): string => {
  const { pathname, searchParams } = new URL(url, 'http://server')
  const shape =
    pathname === '/v1/shape' ? ` from ${searchParams.get('offset')}${searchParams.has('live') ? ' live' : ''}` : ''
  const sequences = pathname === '/v1/mutations' ? [...(body ?? '').matchAll(/"seq":(\d+)/g)].map(([, seq]) => seq) : []
  return `${method} ${pathname}${shape}${sequences.length > 0 ? ` ${sequences[0]} to ${sequences.at(-1)}` : ''}`
}

const html = '<!doctype html><title>Welcome</title><p>Sign in to use the internet here.</p>'

const later = (status: number, chance: Chance): Answer => ({
  status,
  headers: { 'content-type': 'application/json', 'retry-after': String(chance.int(0, 3)) },
  body: JSON.stringify({ code: 'unavailable', message: 'Later.', details: {} }),
})

const strangeAnswer = (chance: Chance): Answer => {
  const page = (status: number, headers: Answer['headers'] = {}): Answer => ({
    status,
    headers: { 'content-type': 'text/html', ...headers },
    body: html,
  })
  const kind = chance.weighted({ portal: 3, gateway: 2, busy: 2, many: 2, other: 1, empty: 1 })
  if (kind === 'portal') return page(200)
  if (kind === 'gateway') return page(502)
  if (kind === 'busy') return later(503, chance)
  if (kind === 'many') return later(429, chance)
  if (kind === 'empty') return { status: 200, headers: {}, body: '' }
  return { status: 200, headers: { 'content-type': 'application/json' }, body: '[{"headers":{"control":"up-to-da' }
}
