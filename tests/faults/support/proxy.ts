import { connect, createServer, type Server, type Socket } from 'node:net'

/** What a line does to what goes through it. */
export interface Weather {
  /** Nothing goes this way; it is kept back, and nobody is told: half-open. */
  readonly holdRequests?: boolean
  readonly holdAnswers?: boolean
  /** New connections are refused, and those that are there are reset. */
  readonly isCut?: boolean
  /** Milliseconds that every piece is late. */
  readonly delayMs?: number
  readonly bytesPerSecond?: number
  /** A connection is reset when so many bytes of an answer to such a request, `GET /path`, have gone through it. */
  readonly cut?: { readonly answersTo: string; readonly after: number }
  /** Requests arrive; their answers do not, and the connection is closed. */
  readonly swallowAnswers?: boolean
  /** Every request is sent once more on a line of its own, and that answer thrown away. */
  readonly repeatRequests?: boolean
  /** What comes instead of every answer. */
  readonly answer?: string
}

export interface Proxy {
  readonly port: number
  readonly setWeather: (weather: Weather) => void
  /** Where new connections go from now on. */
  readonly setUpstream: (port: number) => void
  /** Resets every connection that is there. */
  readonly reset: () => void
  /** Nothing goes through the connections that are there any more, and nobody is told: half-open for ever. */
  readonly freeze: () => void
  /** How often the weather has touched something. */
  readonly touched: () => number
  /** How many answers were cut. */
  readonly cuts: () => number
  /** The bytes of the last whole answer to such a request, `GET /path`. */
  readonly lastAnswer: (request: string) => number | undefined
  /** Told everything that goes by; answers false when it shall go no further. */
  readonly watch: (watcher: Watcher | undefined) => void
  readonly close: () => Promise<void>
}

/** `line` is the number of the connection. */
type Watcher = (way: 'request' | 'answer', bytes: Buffer, line: number) => boolean

interface Line {
  readonly number: number
  readonly client: Socket
  readonly upstream: Socket
  /** Bytes of the answer to this request. */
  answered: number
  /** Since the last answer: one request, since ours wait for each answer. */
  request: Buffer[]
  isAnswering: boolean
  isFrozen: boolean
}

/** A line of TCP on which everything that can happen to one can be made to happen, between two processes. */
export const startProxy = async (upstreamPort: number): Promise<Proxy> => {
  let weather: Weather = {}
  let target = upstreamPort
  let watcher: Watcher | undefined
  let count = 0
  let touched = 0
  let cuts = 0
  const lengths = new Map<string, number>()
  const lines = new Set<Line>()

  const forward = async (line: Line, way: 'request' | 'answer', bytes: Buffer): Promise<void> => {
    if (watcher && !watcher(way, bytes, line.number)) return
    const now = weather
    if (line.isFrozen) return
    if (Object.keys(now).length > 0) touched += 1
    if (now.delayMs) await pause(now.delayMs)
    if (now.bytesPerSecond) await pause((bytes.length / now.bytesPerSecond) * 1000)
    if (way === 'request') passRequest(line, now, bytes)
    else passAnswer(line, now, bytes)
  }
  const passRequest = (line: Line, now: Weather, bytes: Buffer): void => {
    if (line.isAnswering) beginRequest(line, lengths)
    line.request.push(bytes)
    if (now.answer !== undefined) line.client.end(now.answer)
    else line.upstream.write(bytes)
  }
  const passAnswer = (line: Line, now: Weather, bytes: Buffer): void => {
    if (!line.isAnswering && now.repeatRequests) repeat(target, Buffer.concat(line.request))
    line.isAnswering = true
    const isCut = now.cut !== undefined && askedOn(line) === now.cut.answersTo
    const left = (isCut ? now.cut.after : Number.POSITIVE_INFINITY) - line.answered
    line.answered += bytes.length
    if (now.swallowAnswers) drop(line)
    else if (bytes.length > left) {
      cuts += 1
      line.client.write(bytes.subarray(0, Math.max(0, left)), () => drop(line))
    } else line.client.write(bytes)
  }

  const server = createServer((client) => {
    if (weather.isCut) {
      touched += 1
      client.resetAndDestroy()
      return
    }
    count += 1
    const upstream = connect(target, '127.0.0.1')
    const line: Line = {
      number: count,
      client,
      upstream,
      answered: 0,
      request: [],
      isAnswering: false,
      isFrozen: false,
    }
    lines.add(line)
    carry(
      client,
      (bytes) => forward(line, 'request', bytes),
      () => weather.holdRequests === true,
    )
    carry(
      upstream,
      (bytes) => forward(line, 'answer', bytes),
      () => weather.holdAnswers === true,
    )
    const end = (): void => {
      lines.delete(line)
      drop(line)
    }
    for (const socket of [client, upstream]) socket.on('error', end).on('close', end).setNoDelay()
  })
  const port = await listen(server)
  const reset = (): void => {
    for (const line of lines) drop(line)
    lines.clear()
  }
  return {
    port,
    setWeather: (next) => {
      weather = next
      if (next.isCut) reset()
    },
    setUpstream: (next) => {
      target = next
    },
    reset,
    freeze: () => {
      for (const line of lines) line.isFrozen = true
    },
    touched: () => touched,
    cuts: () => cuts,
    lastAnswer: (request) => lengths.get(request),
    watch: (next) => {
      watcher = next
    },
    close: async () => {
      reset()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** What was answered before is whole. */
const beginRequest = (line: Line, lengths: Map<string, number>): void => {
  lengths.set(askedOn(line), line.answered)
  Object.assign(line, { request: [], answered: 0, isAnswering: false })
}

/** Without its query: `GET /path`. */
const askedOn = ({ request }: Line): string =>
  String(request[0] ?? '')
    .split(/[ ?]/, 2)
    .join(' ')

const drop = ({ client, upstream }: Line): void => {
  client.resetAndDestroy()
  upstream.resetAndDestroy()
}

const holdLookMs = 5

/** One piece after the other, in order; a held line takes nothing more. */
const carry = (from: Socket, work: (bytes: Buffer) => Promise<void>, isHeld: () => boolean): void => {
  let last = Promise.resolve()
  from.on('data', (bytes: Buffer) => {
    last = last.then(async () => {
      while (isHeld() && !from.destroyed) await pause(holdLookMs)
      if (!from.destroyed) await work(bytes)
    })
  })
  from.on('end', () => {
    void last.then(() => from.destroy())
  })
}

const repeat = (port: number, request: Buffer): void => {
  const again = connect(port, '127.0.0.1', () => again.write(request))
  again.on('error', () => undefined)
  again.on('data', () => again.destroy())
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      resolve(typeof address === 'object' && address ? address.port : 0)
    })
  })
