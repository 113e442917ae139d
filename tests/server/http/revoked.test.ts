import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { logHeader } from '../../../src-shared/contract/http.ts'
import { paymentOf } from '../../support/payment-args.ts'
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

const payment = async (device: TestDevice) => device.mutation('payment.take', paymentOf(server.counter)(6400, []))

/** What the inbox of the facility has of it. */
const told = async ({ enrolled }: TestDevice) =>
  server.sql('select command, suggestion from mutation_outcomes where device_id = $1 order by device_seq', [
    enrolled.device_id,
  ])

/** Asks live, again and again as a desk does, until there is another answer than the log. */
const followed = async (device: TestDevice, place: string): Promise<Answered> => {
  const answer = await device.request(`/v1/shape?${place}&live=true`)
  if (answer.status !== 200) return answer
  const { headers } = answer
  return followed(device, `offset=${headers.get('electric-offset')}&handle=${headers.get('electric-handle')}`)
}

const refusal = { status: 403, body: { code: 'device_revoked' } }

describe('a device that the server remembers, and that is revoked now', () => {
  test('hands over what it has not sent: each is refused, kept as it was, and told to those who go on', async () => {
    const device = await server.enroll()
    await device.send(await checkIn(device))
    const unsent = [await checkIn(device), await payment(device), await checkIn(device)]
    await revoke(device)

    const alone = await device.send(unsent[0])
    const queue = await device.send(...unsent)

    expect(alone.body.outcomes).toMatchObject([{ outcome: 'refused', error: { code: 'device_revoked' } }])
    expect(queue.body).toMatchObject({ last_seq: 4, outcomes: unsent.map(() => ({ outcome: 'refused' })) })
    const kept = await server.sql('select body from mutations where device_id = $1 and code = $2 order by device_seq', [
      device.enrolled.device_id,
      'device_revoked',
    ])
    expect(kept.map(({ body }) => JSON.parse(String(body)) as unknown)).toEqual(unsent)
    expect(await told(device)).toMatchObject([
      { command: 'check_in.record', suggestion: 'ask_manager' },
      { command: 'payment.take', suggestion: 'book_the_money' },
      { command: 'check_in.record', suggestion: 'ask_manager' },
    ])
  })

  test('books no money by itself: whoever has the computer may have made it up', async () => {
    const device = await server.enroll()
    const made = await payment(device)
    await revoke(device)

    await device.send(made)

    expect(await server.sql('select from payments where device_id = $1', [device.enrolled.device_id])).toEqual([])
  })

  test('makes nobody load anew by a number that it has left out', async () => {
    const device = await server.enroll()
    const { headers } = await device.request('/v1/shape?offset=-1')
    const mutation = { ...(await checkIn(device)), seq: 9999 }
    await revoke(device)
    await server.sql("update server_epoch set since = now() - interval '61 minutes', written_by = pg_current_xact_id()")
    const epoch = async () => server.sql('select epoch from server_epoch')
    const before = await epoch()

    const answer = await device.request('/v1/mutations', {
      method: 'POST',
      headers: { 'content-type': 'application/json', [logHeader]: headers.get('electric-handle') ?? '' },
      body: JSON.stringify({ mutations: [mutation] }),
    })

    expect(answer).toMatchObject({ status: 409, body: { code: 'sequence_gap' } })
    expect(await epoch()).toEqual(before)
  })

  test('is told once more what became of earlier work', async () => {
    const device = await server.enroll()
    const sent = [await checkIn(device), await checkIn(device)]
    await device.send(...sent)
    await revoke(device)

    const again = await device.send(...sent)

    expect(again.body.outcomes).toMatchObject([{ outcome: 'applied' }, { outcome: 'applied' }])
  })

  test('goes on as before when the revocation is taken back', async () => {
    const device = await server.enroll()
    const [first, second] = [await checkIn(device), await checkIn(device)]
    await revoke(device)
    await device.send(first)
    await server.sql('update devices set revoked_at = null where id = $1', [device.enrolled.device_id])

    const answer = await device.send(second)

    expect(answer.body.outcomes).toMatchObject([{ outcome: 'applied' }])
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
