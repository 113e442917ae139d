/** The devices of a scale run, as a process of their own: all of them hold a live request, and some of them write. */
import { Agent, request } from 'node:http'
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { v7 } from 'uuid'
import { formatHlc } from '../../src-shared/hlc.ts'
import { toMutationId } from '../../src-shared/ids.ts'
import type { Latencies, LoadAnswer, LoadDevice, LoadOrder, WriteResult } from './messages.ts'

/** How long the last changes of a run may take. */
const graceMs = 5000
/** Before a request that failed is tried again. */
const pauseMs = 250
/** How long that many devices may take to load their logs. */
const patienceMs = 20_000
/** So many devices begin at once. */
const beginners = 50

const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

const ask = (device: LoadDevice, path: string, body?: string): Promise<Answer> => {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const headers = {
    authorization: `Bearer ${device.token}`,
    ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
  }
  const sent = request(
    device.url + path,
    { agent, headers, method: body === undefined ? 'GET' : 'POST' },
    (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      )
    },
  )
  sent.on('error', reject)
  sent.end(body)
  return promise
}

let failures: Record<string, number> = {}
const failed = (what: string): void => {
  failures[what] = (failures[what] ?? 0) + 1
}

/** When each check-in was sent, until all devices of its facility have it. */
const sent = new Map<string, { readonly at: number; left: number }>()
let shown: number[] = []
let held = 0

const checkIns = /"table_name":"check_ins","row_id":"([0-9a-f-]{36})"/g

const note = (body: string): void => {
  for (const [, id] of body.matchAll(checkIns)) {
    const one = sent.get(id ?? '')
    if (!one) continue
    shown.push(performance.now() - one.at)
    one.left -= 1
    if (one.left === 0) sent.delete(id ?? '')
  }
}

const follow = async (device: LoadDevice): Promise<void> => {
  let place = 'offset=-1'
  let isLive = false
  for (;;) {
    try {
      const { status, headers, body } = await ask(device, `/v1/shape?${place}${isLive ? '&live=true' : ''}`)
      if (status !== 200) throw new Error(String(status))
      if (!isLive && headers['electric-up-to-date'] !== undefined) {
        isLive = true
        held += 1
      }
      place = `offset=${String(headers['electric-offset'])}&handle=${String(headers['electric-handle'])}`
      note(body)
    } catch (error) {
      failed(error instanceof Error ? `shape ${error.message}` : 'shape')
      await delay(pauseMs * (0.5 + Math.random()))
    }
  }
}

const numbers = new Map<string, number>()
const busy = new Set<string>()
const answers: number[] = []

const write = async (device: LoadDevice, devicesPerFacility: number): Promise<void> => {
  const seq = (numbers.get(device.deviceId) ?? 0) + 1
  const id = toMutationId(v7())
  const entry = { session_id: device.sessionId, student_id: device.studentIds[seq % device.studentIds.length] }
  const mutation = {
    id,
    seq,
    command: 'check_in.record',
    version: 1,
    args: { entries: [entry] },
    staff_id: device.staffId,
    lease_id: device.leaseId,
    at: new Date().toISOString(),
    series_number: null,
    hlc: formatHlc({ ms: Date.now(), counter: 0 }, device.deviceId),
  }
  busy.add(device.deviceId)
  const at = performance.now()
  sent.set(`${id.slice(0, -3)}001`, { at, left: devicesPerFacility })
  try {
    const { status, body } = await ask(device, '/v1/mutations', JSON.stringify({ mutations: [mutation] }))
    if (status !== 200 || !body.includes('"applied"')) throw new Error(`${status} ${body.slice(0, 200)}`)
    numbers.set(device.deviceId, seq)
    answers.push(performance.now() - at)
  } catch (error) {
    sent.delete(`${id.slice(0, -3)}001`)
    failed(error instanceof Error ? `write ${error.message}` : 'write')
  } finally {
    busy.delete(device.deviceId)
  }
}

/** How late this process itself is, which every latency that it measures contains. */
const lateness = monitorEventLoopDelay({ resolution: 1 })

const writeAll = async (devices: readonly LoadDevice[], perSecond: number, seconds: number): Promise<WriteResult> => {
  failures = {}
  shown = []
  answers.length = 0
  lateness.reset()
  lateness.enable()
  const perFacility = devices.length / new Set(devices.map(({ facilityId }) => facilityId)).size
  const begin = performance.now()
  const running: Promise<void>[] = []
  for (let count = 0; count < perSecond * seconds; count += 1) {
    await delay(Math.max(0, begin + (count * 1000) / perSecond - performance.now()))
    const device = devices[Math.floor(Math.random() * devices.length)]
    if (device && !busy.has(device.deviceId)) running.push(write(device, perFacility))
  }
  await Promise.all(running)
  const took = (performance.now() - begin) / 1000
  const patience = performance.now() + graceMs
  while (sent.size > 0 && performance.now() < patience) await delay(50)
  lateness.disable()
  const missing = [...sent.values()].reduce((sum, { left }) => sum + left, 0)
  sent.clear()
  const result = { writes: answers.length, perSecond: answers.length / took, missing, failures }
  return { ...result, answered: latencies(answers), shown: latencies(shown), late: lateOf(lateness) }
}

const latencies = (values: readonly number[]): Latencies => {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}

/** A timer of one millisecond that comes after two is one late. */
const lateOf = (histogram: typeof lateness): Latencies => {
  const at = (percentile: number): number => Math.max(0, histogram.percentile(percentile) / 1e6 - 1)
  return { p50: at(50), p99: at(99), max: at(100) }
}

const tell = (answer: LoadAnswer): void => void process.send?.(answer)

let devices: readonly LoadDevice[] = []
process.on('message', (order: LoadOrder) => void obey(order))
process.on('disconnect', () => process.exit(0))

const obey = async (order: LoadOrder): Promise<void> => {
  if (order.kind === 'write') {
    tell({ kind: 'written', result: await writeAll(devices, order.perSecond, order.seconds) })
    return
  }
  devices = order.devices
  for (const { deviceId, lastSeq } of devices) numbers.set(deviceId, lastSeq)
  for (let next = 0; next < devices.length; next += beginners) {
    const begun = devices.slice(next, next + beginners)
    for (const device of begun) void follow(device)
    const patience = performance.now() + patienceMs
    while (held < next + begun.length && performance.now() < patience) await delay(20)
    if (held < next + begun.length) throw new Error(`Not all devices could follow: ${JSON.stringify(failures)}`)
  }
  // Until the last of them has asked again and waits.
  await delay(1000)
  tell({ kind: 'held' })
}
