import { exportJWK } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startSender } from '../../../src-main/data/outbox/send.ts'
import { connectServer } from '../../../src-main/data/sync/server.ts'
import type { MutationEnvelope } from '../../../src-shared/contract/http.ts'
import { environmentWith } from '../../support/environment.ts'
import { startSyncServer, type TestDevice, type TestServer } from '../../support/sync-server.ts'
import { until } from '../../support/until.ts'

const devices = 30
const queued = 4
/** What the balancer lets through at once, and for how long it sends the others away, in seconds. */
const seats = 3
const retryAfter = 1

let server: TestServer
beforeAll(async () => {
  server = await startSyncServer()
})
afterAll(async () => server.close())

/** A balancer in front of the server, which is away until it is opened. */
const crowdedLine = () => {
  const line = { isOpen: false, inside: 0, away: 0, early: 0 }
  const fetchOf = (): typeof fetch => {
    let notBefore = 0
    return async (input, init) => {
      if (!line.isOpen) throw new TypeError('fetch failed')
      if (performance.now() < notBefore) line.early += 1
      if (line.inside >= seats) {
        line.away += 1
        notBefore = performance.now() + retryAfter * 1000
        const body = '{"code":"unavailable","message":"Later.","details":{}}'
        return new Response(body, { status: 503, headers: { 'retry-after': String(retryAfter) } })
      }
      line.inside += 1
      try {
        return await fetch(input, init)
      } finally {
        line.inside -= 1
      }
    }
  }
  return { line, fetchOf }
}

const queueOf = async (device: TestDevice): Promise<readonly MutationEnvelope[]> => {
  const { children, session } = server.counter
  const entries = [{ student_id: children[0].id, session_id: session.id }]
  const queue: MutationEnvelope[] = []
  for (let number = 0; number < queued; number += 1) queue.push(await device.mutation('check_in.record', { entries }))
  return queue
}

const startDesk = async (device: TestDevice, environment: ReturnType<typeof environmentWith>) => {
  const queue = await queueOf(device)
  const identity = { deviceId: device.enrolled.device_id, privateKey: await exportJWK(device.privateKey) }
  const onContact = (): void => undefined
  const sender = startSender({
    desk: {
      mutationsAfter: (seq, limit) => queue.filter((each) => each.seq > seq).slice(0, limit),
      hasSkipped: () => false,
      setting: () => undefined,
      saveSetting: () => undefined,
    },
    server: connectServer({ url: server.url(), identity, environment, onContact }),
    decided: { progress: 0, epoch: undefined },
    environment,
    onProblem: (error) => expect.fail(error.message),
    onFault: (error) => expect.fail(String(error)),
  })
  sender.notify('wake')
  return sender
}

test('a herd of desks that come back at once gets through a server that sends most away, and nothing is lost (N11)', async () => {
  const { line, fetchOf } = crowdedLine()
  const enrolled = await Promise.all(Array.from({ length: devices }, async () => server.enroll()))
  const senders = []
  for (const device of enrolled) senders.push(await startDesk(device, environmentWith({ fetch: fetchOf() })))

  line.isOpen = true
  for (const sender of senders) sender.notify('contact')
  const decided = async (): Promise<readonly number[]> =>
    (await server.sql<{ last_seq: number }>('select last_seq from device_progress')).map(({ last_seq }) => last_seq)
  await until(async () => (await decided()).every((seq) => seq === queued))
  for (const sender of senders) sender.stop()

  expect(line.away).toBeGreaterThan(0)
  expect(line.early).toBe(0)
  const [row] = await server.sql<{ count: number }>('select count(*)::int as count from check_ins')
  expect(row?.count).toBe(devices * queued)
})
