import { afterAll, beforeAll } from 'vitest'
import { startSyncServer, type TestDevice, type TestServer } from './sync-server.ts'

export interface Sent {
  readonly method: string
  readonly path: string
  readonly body?: string | Uint8Array<ArrayBuffer>
  readonly headers?: Readonly<Record<string, string>>
}

/** A server for all tests of a file, and requests with the token of a device and whatever else. */
export const anyRequests = () => {
  let server: TestServer
  let device: TestDevice
  let token: string

  beforeAll(async () => {
    // Believes X-Forwarded-For, so that requests can come from many addresses and none is locked out for long.
    server = await startSyncServer({ trustProxy: true })
    device = await server.enroll()
    token = await device.token()
  })
  afterAll(async () => server.close())

  const send = async ({ method, path, body, headers = {} }: Sent) => {
    const response = await fetch(server.url() + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
      ...(body !== undefined && method !== 'GET' && method !== 'HEAD' && { body }),
    })
    return { status: response.status, text: await response.text() }
  }

  return { server: () => server, device: () => device, send }
}
