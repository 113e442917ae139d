import { setTimeout as delay } from 'node:timers/promises'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { startLogListener } from '../../sync-server/shapes/log-listener.ts'
import { createLogWaiters } from '../../sync-server/shapes/log-waiters.ts'
import { type Proxy, startProxy } from '../faults/support/proxy.ts'
import { createFoyerDatabase, type FoyerDatabase } from '../support/foyer-database.ts'
import { until } from '../support/until.ts'

let database: FoyerDatabase
let line: Proxy
let connected: number
let listener: ReturnType<typeof startLogListener>

beforeAll(async () => {
  database = await createFoyerDatabase()
})
afterAll(() => database.drop())
beforeEach(async () => {
  line = await startProxy(Number(new URL(database.serverUrl).port))
  connected = 0
})
afterEach(async () => line.close())

const start = (): void => {
  const url = Object.assign(new URL(database.serverUrl), { hostname: '127.0.0.1', port: String(line.port) }).href
  const waiters = { ...createLogWaiters(), wakeAll: () => void (connected += 1) }
  listener = startLogListener(url, waiters, pino({ level: 'silent' }), 200)
}

test('a database that vanishes without a word is noticed, and a new line is made (N5)', async () => {
  start()
  await until(() => connected === 1)

  line.freeze()
  await until(() => connected === 2)

  expect(listener.isListening()).toBe(true)
  await listener.stop()
})

test('a line that is silent because nothing happens stays', async () => {
  start()
  await until(() => connected === 1)

  await delay(1000)

  expect(connected).toBe(1)
  await listener.stop()
})

test.each([
  ['a line that is dead', () => line.freeze()],
  ['a line that does not come up', () => line.reset()],
])('the server that closes does not wait for %s', async (_name, break_) => {
  start()
  await until(() => connected === 1)
  line.setWeather({ holdAnswers: true, holdRequests: true })
  break_()
  await delay(300)

  const startedAt = performance.now()
  await listener.stop()

  expect(performance.now() - startedAt).toBeLessThan(2000)
})
