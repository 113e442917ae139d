import type { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'

/** What goes back to the client. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** JSON text unless the headers say otherwise. */
  readonly body: string | Buffer | Readable
}

/** 200 with a value as JSON. Nothing here may be kept by a cache. */
export const json = (value: unknown, status = 200): Answer => ({
  status,
  headers: { 'cache-control': 'private, no-store' },
  body: JSON.stringify(value),
})

export const send = async (reply: FastifyReply, { status, headers, body }: Answer): Promise<void> => {
  await reply
    .code(status)
    .headers({ 'content-type': 'application/json; charset=utf-8', ...headers })
    .send(body)
}
