import { exportJWK } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startSender } from '../../../src-main/data/outbox/send.ts'
import { connectServer } from '../../../src-main/data/sync/server.ts'
import { followLog } from '../../../src-main/data/sync/shape-loop.ts'
import type { MutationEnvelope } from '../../../src-shared/contract/http.ts'
import { environmentWith } from '../../support/environment.ts'
import { startSyncServer, type TestDevice, type TestServer } from '../../support/sync-server.ts'
import { until } from '../../support/until.ts'

const devices = 30
const queued = 4
/** What the balancer lets through at once, and for how long it sends the others away, in seconds. */
const seats = 3
const retryAfter = 1
/** A timer that a busy machine set counts from a little before. */
const slackMs = 300

let server: TestServer
beforeAll(async () => {
  server = await startSyncServer()
})
afterAll(async () => server.close())

interface Line {
  isOpen: boolean
  inside: number
  /** Answers that send somebody away, and requests that came before the time they named, by what was asked for. */
  readonly away: Map<string, number>
  readonly early: Map<string, number>
}

const countIn = (counts: Map<string, number>, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1)

/** A balancer in front of the server, which is away until it is opened: at first it sends everybody away once from everything. */
const crowdedLine = () => {
  const line: Line = { isOpen: false, inside: 0, away: new Map(), early: new Map() }
  const fetchOf = (): typeof fetch => {
    const notBefore = new Map<string, number>()
    return async (input, init) => {
      if (!line.isOpen) throw new TypeError('fetch failed')
      const { pathname } = new URL(input instanceof Request ? input.url : input)
      if (performance.now() < (notBefore.get(pathname) ?? 0)) countIn(line.early, pathname)
      if (line.inside >= seats || !notBefore.has(pathname)) {
        countIn(line.away, pathname)
        notBefore.set(pathname, performance.now() + retryAfter * 1000 - slackMs)
        return sentAway((line.away.get(pathname) ?? 0) % 2 === 0 ? 429 : 503)
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

/** In the words of our server, and in those of a proxy. */
const sentAway = (status: 429 | 503): Response => {
  const body = { 503: JSON.stringify({ code: 'unavailable', message: 'Later.', details: {} }), 429: 'Slow down.' }[
    status
  ]
  return new Response(body, { status, headers: { 'retry-after': String(retryAfter) } })
}

const queueOf = async (device: TestDevice): Promise<readonly MutationEnvelope[]> => {
  const { children, session } = server.counter
  const entries = [{ student_id: children[0].id, session_id: session.id }]
  const queue: MutationEnvelope[] = []
  for (let number = 0; number < queued; number += 1) queue.push(await device.mutation('check_in.record', { entries }))
  return queue
}

const serverFor = async (device: TestDevice, environment: ReturnType<typeof environmentWith>) => {
  const identity = { deviceId: device.enrolled.device_id, privateKey: await exportJWK(device.privateKey) }
  return connectServer({ url: server.url(), identity, environment, onContact: () => undefined })
}

const startDesk = async (device: TestDevice, environment: ReturnType<typeof environmentWith>) => {
  const queue = await queueOf(device)
  const sender = startSender({
    desk: {
      mutationsAfter: (seq, limit) => queue.filter((each) => each.seq > seq).slice(0, limit),
      hasSkipped: () => false,
      setting: () => undefined,
      saveSetting: () => undefined,
    },
    server: await serverFor(device, environment),
    decided: { progress: 0, epoch: undefined },
    environment,
    onProblem: (error) => expect.fail(error.message),
    onFault: (error) => expect.fail(String(error)),
    replaceHole: async () => undefined,
    onRevoked: () => expect.fail('Nobody is revoked'),
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

  expect(line.away.get('/v1/mutations')).toBeGreaterThan(0)
  expect(line.early).toEqual(new Map())
  const [row] = await server.sql<{ count: number }>('select count(*)::int as count from check_ins')
  expect(row?.count).toBe(devices * queued)
})

/** Follows the log from the start to its end; answers how many entries came. */
const loadLog = async (device: TestDevice, environment: ReturnType<typeof environmentWith>): Promise<number> => {
  const followed = await serverFor(device, environment)
  let entries = 0
  return new Promise((resolve, reject) => {
    const loop = followLog({
      url: server.url(),
      server: followed,
      environment,
      from: { position: 0, handle: undefined, since: 0 },
      onEvent: async (event) => {
        if (event.kind === 'entries') entries += event.entries.length
        if (event.kind !== 'up-to-date') return
        loop.stop()
        resolve(entries)
      },
      onEnd: reject,
    })
  })
}

test('a herd that comes back for the log and for tokens waits as long as it is told, and gets all of it (N11)', async () => {
  const { line, fetchOf } = crowdedLine()
  const enrolled = await Promise.all(Array.from({ length: devices }, async () => server.enroll()))
  const loads = enrolled.map((device) => loadLog(device, environmentWith({ fetch: fetchOf() })))

  line.isOpen = true
  const counts = await Promise.all(loads)

  expect([...line.away.keys()].toSorted()).toEqual(['/v1/shape', '/v1/token'])
  expect(line.early).toEqual(new Map())
  expect(counts[0]).toBeGreaterThan(0)
  expect(new Set(counts).size).toBe(1)
})
