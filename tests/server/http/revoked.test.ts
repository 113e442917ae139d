import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Answered, startSyncServer, type TestDevice, type TestServer } from '../../support/sync-server.ts'
import { until } from '../../support/until.ts'

let server: TestServer
beforeAll(async () => {
  server = await startSyncServer({ pollSeconds: 20 })
})
afterAll(async () => server.close())

const revoke = async ({ enrolled }: TestDevice): Promise<void> => {
  await server.sql('update devices set revoked_at = now() where id = $1', [enrolled.device_id])
}

const checkIn = async (device: TestDevice) => {
  const { children, session } = server.counter
  return device.mutation('check_in.record', { entries: [{ student_id: children[0].id, session_id: session.id }] })
}

const kept = async ({ enrolled }: TestDevice): Promise<number> =>
  (await server.sql('select from mutations where device_id = $1', [enrolled.device_id])).length

/** Asks live, again and again as a desk does, until there is another answer than the log. */
const followed = async (device: TestDevice, place: string): Promise<Answered> => {
  const answer = await device.request(`/v1/shape?${place}&live=true`)
  if (answer.status !== 200) return answer
  const { headers } = answer
  return followed(device, `offset=${headers.get('electric-offset')}&handle=${headers.get('electric-handle')}`)
}

const refusal = { status: 403, body: { code: 'device_revoked' } }

describe('a device that the server remembers, and that is revoked now', () => {
  test('gets none of its mutations kept, one alone or a queue', async () => {
    const device = await server.enroll()
    await device.send(await checkIn(device))
    const [second, third] = [await checkIn(device), await checkIn(device)]
    await revoke(device)

    expect(await device.send(second)).toMatchObject(refusal)
    expect(await device.send(second, third)).toMatchObject(refusal)
    expect(await kept(device)).toBe(1)
  })

  test('gets nothing of the log, from the start, from where it was, or live', async () => {
    const device = await server.enroll()
    const first = await device.request('/v1/shape?offset=-1')
    const place = `offset=${first.headers.get('electric-offset')}&handle=${first.headers.get('electric-handle')}`
    await revoke(device)

    for (const question of ['offset=-1', place, `${place}&live=true`]) {
      expect(await device.request(`/v1/shape?${question}`)).toMatchObject(refusal)
    }
  })

  test('does not go on waiting: its own revocation wakes it', async () => {
    const device = await server.enroll()
    const first = await device.request('/v1/shape?offset=-1')
    const place = `offset=${first.headers.get('electric-offset')}&handle=${first.headers.get('electric-handle')}`
    const held = followed(device, place)
    await until(async () => /foyer_held_requests [1-9]/.test(await server.server().metrics.text()))
    await revoke(device)

    expect(await held).toMatchObject(refusal)
  })
})
