import { Pool } from 'pg'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startSyncServer, type TestServer } from '../../support/sync-server.ts'

let server: TestServer

beforeEach(async () => {
  server = await startSyncServer()
})
afterEach(async () => {
  vi.restoreAllMocks()
  await server.close()
})

const broken = (code: string): Error => Object.assign(new Error(`write ${code}`), { code, syscall: 'write' })

test.each(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED'])(
  'good work whose connections to PostgreSQL break with %s is carried out later, and not refused (S6)',
  async (code) => {
    const device = await server.enroll()
    const entries = [{ student_id: server.counter.children[0]?.id, session_id: server.counter.session.id }]
    await device.send(await device.mutation('check_in.record', { entries }))
    const mutation = await device.mutation('check_in.record', { entries })
    const rejected = Promise.reject(broken(code))
    rejected.catch(() => undefined)
    vi.spyOn(Pool.prototype, 'connect')
      .mockReturnValueOnce(rejected as never)
      .mockReturnValueOnce(rejected as never)

    const [first, second] = [await device.send(mutation), await device.send(mutation)]
    const third = await device.send(mutation)

    expect([first.status, second.status]).toEqual([503, 503])
    expect(third.body.outcomes).toMatchObject([{ outcome: 'applied' }])
  },
)
