import { Readable } from 'node:stream'
import { DomainError } from '../../src-shared/errors.ts'
import type { Answer } from '../routes/answer.ts'
import type { LogName } from './handle.ts'
import type { ShapeQuery } from './serve.ts'

export interface ElectricService {
  readonly url: string
  readonly secret: string | undefined
}

/** What of the client's question goes on to Electric. */
const passedOn = ['offset', 'handle', 'live', 'cursor', 'expired_handle'] as const

/** The columns of the log that devices get; Electric wants the primary key among them. */
const columns = ['facility_id', 'audience', 'position', 'table_name', 'row_id', 'row']

/** The question that is asked in the client's place: which rows is decided here, from the device's token. */
export const electricUrl = ({ url, secret }: ElectricService, log: LogName, query: Partial<ShapeQuery>): URL => {
  const target = new URL('v1/shape', url.endsWith('/') ? url : `${url}/`)
  for (const name of passedOn) {
    const value = query[name]
    if (value !== undefined) target.searchParams.set(name, value)
  }
  target.searchParams.set('table', 'sync_log')
  target.searchParams.set('columns', columns.join(','))
  target.searchParams.set('where', 'facility_id = $1 AND audience = $2')
  target.searchParams.set('params[1]', log.facilityId)
  target.searchParams.set('params[2]', log.audience)
  if (secret !== undefined) target.searchParams.set('secret', secret)
  return target
}

const passedBack = /^(electric-.*|retry-after|content-type)$/

interface Request {
  readonly query: ShapeQuery
  readonly signal: AbortSignal
}

/** Asks a real Electric service and streams its answer through. Throws `unavailable`. */
export const proxyShape = async (service: ElectricService, log: LogName, request: Request): Promise<Answer> => {
  const response = await ask(electricUrl(service, log, request.query), request.signal)
  const headers: Record<string, string> = { 'cache-control': 'private, no-store' }
  for (const [name, value] of response.headers) if (passedBack.test(name)) headers[name] = value
  if (response.status === 400) return refusal(await response.text(), headers)
  const body = response.body ? Readable.fromWeb(response.body) : '[]'
  return { status: response.status, headers, body }
}

/** Electric calls an offset that it has never been at a mistake of the client, which then gives up for good. */
const refusal = (body: string, headers: Readonly<Record<string, string>>): Answer =>
  body.includes('out of bounds for this shape')
    ? { status: 409, headers, body: '[{"headers":{"control":"must-refetch"}}]' }
    : { status: 400, headers, body }

const ask = async (url: URL, signal: AbortSignal): Promise<Response> => {
  try {
    return await fetch(url, { signal })
  } catch {
    throw new DomainError('unavailable', 'The server cannot answer now. Try again soon.')
  }
}
