import type { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { constants, gzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** What goes back to the client. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** JSON text unless the headers say otherwise. */
  readonly body: string | Buffer | Readable
  /** The same packed, where several get it. */
  readonly gzip?: () => Promise<Buffer>
}

/** 200 with a value as JSON. Nothing here may be kept by a cache. */
export const json = (value: unknown, status = 200): Answer => ({
  status,
  headers: { 'cache-control': 'private, no-store' },
  body: JSON.stringify(value),
})

const pack = promisify(gzip)

export const gzipped = async (text: string): Promise<Buffer> => pack(text, { level: constants.Z_BEST_SPEED })

/** What is smaller is sent in one packet or two anyway. */
const leastToCompress = 2000

/**
 * The log is text that repeats itself: a first sync over a slow line takes a tenth of the bytes. Between programs of one
 * machine there is no line, and compressing would be all loss.
 */
export const compressed = async ({ headers, ip }: FastifyRequest, answer: Answer): Promise<Answer> => {
  const { body } = answer
  const isWanted = /\bgzip\b/.test(headers['accept-encoding'] ?? '')
  if (typeof body !== 'string' || body.length < leastToCompress || !isWanted || isLoopback(ip)) return answer
  return {
    ...answer,
    headers: { ...answer.headers, 'content-encoding': 'gzip', vary: 'accept-encoding' },
    body: await (answer.gzip ?? (async () => gzipped(body)))(),
  }
}

const isLoopback = (ip: string): boolean => /^(::ffff:)?127\.|^::1$/.test(ip)

export const send = async (reply: FastifyReply, { status, headers, body }: Answer): Promise<void> => {
  await reply
    .code(status)
    .headers({ 'content-type': 'application/json; charset=utf-8', ...headers })
    .send(body)
}
