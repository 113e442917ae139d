import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** The shape of one facility's log, as Electric serves it: a snapshot in pieces, and the changes since. */
export interface FakeElectric {
  readonly url: string
  /** Every question that it got. */
  readonly asked: readonly URLSearchParams[]
  /** A new row of the log. */
  readonly append: () => void
  /** Gives the shape up, and answers with another one from now on. */
  readonly expire: () => void
  readonly close: () => Promise<void>
}

interface Entry {
  readonly lsn: number
  readonly position: number
}

const rowsPerPiece = 10
const beyond = { message: 'Invalid request', errors: { offset: ['out of bounds for this shape'] } }
const wrong = (field: string, what: string) => ({ message: 'Invalid request', errors: { [field]: [what] } })

const valueOf = ({ position }: Entry) => ({
  facility_id: '0b6f292f-94dc-43b1-ae14-f245c9ae00b2',
  audience: 'desk',
  position: String(position),
  table_name: 'families',
  row_id: `0b6f292f-94dc-43b1-ae14-${String(position).padStart(12, '0')}`,
  row: `{"id": "${position}"}`,
})
const keyOf = ({ position }: Entry): string => `"public"."sync_log"/"facility"/"desk"/"${position}"`

const schema = JSON.stringify({ position: { type: 'int8', pk_index: 2, not_null: true }, row: { type: 'jsonb' } })

const toMessage = (entry: Entry) => ({
  key: keyOf(entry),
  value: valueOf(entry),
  headers: { operation: 'insert', relation: ['public', 'sync_log'], ...(entry.lsn > 0 && { lsn: String(entry.lsn) }) },
})

interface Reply {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

const placeOf = (query: URLSearchParams) => ({
  offset: query.get('offset') ?? '',
  isLive: query.has('live') && query.get('live') !== 'false',
})

/** Speaks the protocol as reference/SHAPE-PROTOCOL.md has it, with Electric's own offsets and errors, for one shape. */
export const startFakeElectric = async ({
  secret,
  pollMs,
}: {
  secret: string
  pollMs: number
}): Promise<FakeElectric> => {
  const asked: URLSearchParams[] = []
  const waiting = new Set<() => void>()
  let generation = 1
  let snapshot: readonly Entry[] = Array.from({ length: 25 }, (_, index) => ({ lsn: 0, position: index + 1 }))
  let log: Entry[] = []
  const handle = (): string => `90210-${generation}`
  const lastPiece = (): number => Math.ceil(snapshot.length / rowsPerPiece) - 1
  const end = (): string => (log.length > 0 ? `${log.at(-1)?.lsn}_0` : `0_${lastPiece()}`)
  const wake = (): void => {
    for (const go of waiting) go()
  }

  const news = (offset: string) => {
    const [lsn = 0, op = 0] = offset === '-1' ? [0, -1] : offset.split('_').map(Number)
    if (lsn === 0 && op < lastPiece()) {
      const from = (op + 1) * rowsPerPiece
      return { entries: snapshot.slice(from, from + rowsPerPiece), offset: `0_${op + 1}`, isEnd: false }
    }
    return { entries: log.filter((entry) => entry.lsn > lsn), offset: end(), isEnd: true }
  }

  const held = async (request: IncomingMessage): Promise<void> =>
    new Promise((resolve) => {
      const go = (): void => {
        clearTimeout(timer)
        waiting.delete(go)
        resolve()
      }
      const timer = setTimeout(go, pollMs)
      waiting.add(go)
      request.on('close', go)
    })

  const mustRefetch = (): Reply => ({
    status: 409,
    body: [{ headers: { control: 'must-refetch' } }],
    headers: { 'electric-handle': handle() },
  })

  const refusal = (query: URLSearchParams): Reply | undefined => {
    const { offset, isLive } = placeOf(query)
    if (query.get('secret') !== secret) return { status: 401, body: { message: 'Unauthorized' } }
    if (!/^(-1|\d+_(\d+|inf))$/.test(offset)) return { status: 400, body: wrong('offset', 'has invalid format') }
    if (offset === '-1')
      return isLive ? { status: 400, body: wrong('live', "can't be true when offset == -1") } : undefined
    if (!query.has('handle')) return { status: 400, body: wrong('handle', "can't be blank when offset != -1") }
    if (query.get('handle') !== handle()) return mustRefetch()
    return Number(offset.split('_')[0]) > (log.at(-1)?.lsn ?? 0) ? { status: 400, body: beyond } : undefined
  }

  const found = (query: URLSearchParams): Reply => {
    const { offset, isLive } = placeOf(query)
    const { entries, offset: reached, isEnd } = news(offset)
    const messages: unknown[] = entries.map(toMessage)
    const isUpToDate = isEnd && offset !== '-1'
    if (isUpToDate) {
      messages.push({ headers: { control: 'up-to-date', global_last_seen_lsn: String(log.at(-1)?.lsn ?? 0) } })
    }
    const cursor = Math.max(Date.now(), Number(query.get('cursor') ?? 0) + 1)
    const headers = {
      'electric-handle': handle(),
      'electric-offset': reached,
      ...(isLive ? { 'electric-cursor': String(cursor) } : { 'electric-schema': schema }),
      ...(isUpToDate && { 'electric-up-to-date': '' }),
    }
    return { status: 200, body: messages, headers }
  }

  const reply = async (request: IncomingMessage): Promise<Reply> => {
    const query = new URL(request.url ?? '', 'http://electric').searchParams
    asked.push(query)
    const refused = refusal(query)
    if (refused) return refused
    const { offset, isLive } = placeOf(query)
    if (isLive && news(offset).entries.length === 0) await held(request)
    return refusal(query) ?? found(query)
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { status, body, headers } = await reply(request)
    const fixed = { 'content-type': 'application/json', 'cache-control': 'public, max-age=5' }
    response.writeHead(status, { ...fixed, ...headers }).end(JSON.stringify(body))
  }

  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    // A server that listens on TCP has such an address.
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    append: () => {
      const position = snapshot.length + log.length + 1
      log.push({ lsn: 1000 + position * 8, position })
      wake()
    },
    expire: () => {
      generation += 1
      snapshot = [...snapshot, ...log].map(({ position }) => ({ lsn: 0, position }))
      log = []
      wake()
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
