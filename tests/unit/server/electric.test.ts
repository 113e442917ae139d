import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { Readable } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import { electricUrl, proxyShape } from '../../../sync-server/shapes/electric.ts'

const log = { facilityId: '0b6f292f-94dc-43b1-ae14-f245c9ae00b2', audience: 'desk' } as const
const service = { url: 'http://electric:3000', secret: undefined }

describe('the question that goes on to Electric', () => {
  test('names the rows of the facility that the token says, whatever the client asked for', () => {
    const asked = { offset: '-1', table: 'staff', where: 'true', columns: '*', 'params[1]': 'x', secret: 's' }

    const url = electricUrl(service, log, asked)

    expect(Object.fromEntries(url.searchParams)).toEqual({
      offset: '-1',
      table: 'sync_log',
      columns: 'facility_id,audience,position,table_name,row_id,row',
      where: 'facility_id = $1 AND audience = $2',
      'params[1]': log.facilityId,
      'params[2]': 'desk',
    })
  })

  test('passes the protocol on: handle, live, cursor and the handle that expired', () => {
    const query = { offset: '5_0', handle: 'h', live: 'true', cursor: '7', expired_handle: 'e' }

    const url = electricUrl(service, log, query)

    expect(Object.fromEntries(url.searchParams)).toMatchObject(query)
  })

  test.each(['http://electric:3000', 'http://electric:3000/', 'http://proxy/electric', 'http://proxy/electric/'])(
    'keeps the path of %s and adds the secret',
    (base) => {
      const url = electricUrl({ url: base, secret: 'a&b' }, log, { offset: '-1' })

      expect(url.href.startsWith(`${base.replace(/\/$/, '')}/v1/shape?`)).toBe(true)
      expect(url.searchParams.get('secret')).toBe('a&b')
    },
  )
})

describe('the answer of Electric', () => {
  let electric: Server | undefined
  afterEach(() => {
    electric?.closeAllConnections()
    electric?.close()
  })

  const answering = async (status: number, headers: Record<string, string>, body: string): Promise<string> => {
    electric = createServer((_request, response) => response.writeHead(status, headers).end(body))
    await new Promise<void>((resolve) => electric?.listen(0, '127.0.0.1', resolve))
    // A server that listens on TCP has such an address.
    return `http://127.0.0.1:${(electric.address() as AddressInfo).port}`
  }
  const request = { query: { offset: '-1', audience: 'desk' }, signal: new AbortController().signal } as const

  test.each([200, 400, 409, 429, 503])(
    '%i comes through with its protocol headers, and no cache keeps it',
    async (status) => {
      const headers = {
        'electric-handle': 'h',
        'electric-offset': '0_0',
        'cache-control': 'public',
        'x-internal': 'secret',
      }
      const url = await answering(status, headers, '[{"a":1}]')

      const answer = await proxyShape({ url, secret: undefined }, log, request)

      expect(answer.status).toBe(status)
      expect(answer.headers).toEqual({
        'electric-handle': 'h',
        'electric-offset': '0_0',
        'cache-control': 'private, no-store',
      })
      expect(answer.body instanceof Readable ? await text(answer.body) : answer.body).toBe('[{"a":1}]')
    },
  )

  test('to an offset that it has never been at starts the client afresh, who would give up', async () => {
    const body = '{"message":"Invalid request","errors":{"offset":["out of bounds for this shape"]}}'
    const url = await answering(400, {}, body)

    const answer = await proxyShape({ url, secret: undefined }, log, request)

    expect([answer.status, answer.body]).toEqual([409, '[{"headers":{"control":"must-refetch"}}]'])
  })

  test('that does not come is an outage', async () => {
    const answer = proxyShape({ url: 'http://127.0.0.1:1', secret: undefined }, log, request)

    await expect(answer).rejects.toMatchObject({ code: 'unavailable' })
  })
})
