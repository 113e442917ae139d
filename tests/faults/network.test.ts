import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRandom } from '../../build/demo/random.ts'
import type { DeskProcess } from './support/desk-process.ts'
import { extent, limitMs, tell } from './support/extent.ts'
import { type Ground, sharedGround } from './support/ground.ts'
import { type Acked, compare, drain, judge, serve } from './support/oracle.ts'
import type { Weather } from './support/proxy.ts'

let ground: Ground
let desk: DeskProcess
const acked: Acked[] = []
/** Milliseconds from the end of a fault until nothing waited any more. */
const drains: number[] = []

beforeAll(async () => {
  ground = await sharedGround()
  desk = await ground.newDesk('first')
})
afterAll(() => ground.close())

/** Works while the line is as it is, then mends it; everything must drain by itself. */
const under = async (weather: Weather, work: () => Promise<void>): Promise<void> => {
  const before = ground.line.touched()
  ground.line.setWeather(weather)
  await work()
  ground.line.setWeather({})
  drains.push(await drain(desk))
  // What nobody noticed proves nothing.
  expect(ground.line.touched()).toBeGreaterThan(before)
}

const serveOnce = (): Promise<void> => serve(ground, desk, acked)

/** Long enough for an attempt or two of the outbox and of the log. */
const attemptMs = extent(400, 600)

describe('an answer', () => {
  test.each<readonly [string, Weather]>([
    ['never comes (N1)', { swallowAnswers: true }],
    [
      'is the page of a hotel (N4)',
      {
        answer: 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 28\r\n\r\n<html><p>Welcome!</p></html>',
      },
    ],
    [
      'says that it is compressed and is not (N4)',
      { answer: 'HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 12\r\n\r\n{"outcomes":' },
    ],
    ['is no HTTP (N4)', { answer: '\u0000\u0001\u0002SSH-2.0-OpenSSH_9.2p1\r\n' }],
    [
      'is an empty JSON (N4)',
      { answer: 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]' },
    ],
  ])('that %s counts as none, and what was sent counts once', { timeout: limitMs }, async (_name, weather) => {
    await under(weather, async () => {
      await serveOnce()
      await delay(attemptMs)
    })

    expect(await judge(ground, acked)).toEqual([])
  })
})

describe('a line', () => {
  test.each<readonly [string, Weather]>([
    ['that repeats every request (N2)', { repeatRequests: true }],
    ['that is slow and repeats (N2)', { repeatRequests: true, delayMs: 60 }],
    ['of 23 kbit/s (N5)', { bytesPerSecond: 2900, delayMs: 100 }],
    ['with two seconds of delay (N5)', { delayMs: 1000 }],
  ])('%s carries everything once', { timeout: limitMs }, async (_name, weather) => {
    await under(weather, async () => {
      await serveOnce()
      await serveOnce()
      await delay(attemptMs)
    })

    expect(await judge(ground, acked)).toEqual([])
  })

  const partitions: readonly (readonly [string, Weather])[] = [
    ['both ways', { isCut: true }],
    ['towards the server', { holdRequests: true }],
    ['from the server', { holdAnswers: true }],
  ]

  test.each(partitions)(
    'that flaps %s drains by itself when it holds (N6)',
    { timeout: limitMs },
    async (name, weather) => {
      const seed = 20_261_121 + name.length
      const random = createRandom(seed, 0)
      for (let round = 0; round < extent(1, 8); round += 1) {
        const working = serveOnce()
        for (let turn = 0; turn < extent(4, 10); turn += 1) {
          ground.line.setWeather(weather)
          await delay(random.pick([1, 10, 100, extent(300, 10_000 / 4)]))
          ground.line.setWeather({})
          await delay(random.pick([1, 10, 100, extent(300, 10_000 / 4)]))
        }
        await working
        drains.push(await drain(desk))
      }

      expect(await judge(ground, acked), `seed ${seed}`).toEqual([])
    },
  )

  test.runIf(extent(0, 1) === 1)(
    'that died half open is given up, and another one carries on (N5)',
    { timeout: limitMs },
    async () => {
      // Some connections that are used again.
      await serveOnce()
      drains.push(await drain(desk))
      // They never come back; new ones work.
      ground.line.freeze()
      await serveOnce()
      const took = await drain(desk)

      expect(took).toBeLessThan(30_000)
      expect(await judge(ground, acked)).toEqual([])
    },
  )
})

describe('a client of the server that never comes to the end of its request (N5)', () => {
  test.runIf(extent(0, 1) === 1).each([
    ['its head', 'POST /v1/token HTTP/1.1\r\nHost: desk\r\nX-Slow: '],
    [
      'its body',
      'POST /v1/token HTTP/1.1\r\nHost: desk\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n',
    ],
  ])('in %s is hung up on', { timeout: limitMs }, async (_part, head) => {
    const socket = connect(Number(new URL(ground.server.url).port), '127.0.0.1')
    const closed = new Promise((resolve) => socket.once('close', resolve))
    // It reads nothing, and closes nothing by itself.
    socket.on('error', () => undefined).write(head)
    const drip = setInterval(() => socket.write('x'), 500)

    await closed
    clearInterval(drip)

    // The test ends, before its time is over.
    expect(socket.destroyed).toBe(true)
  })
})

describe('after all of this', () => {
  test('the desk and the server have the same rows (I4)', { timeout: limitMs }, async () => {
    const second = await ground.newDesk('second')
    drains.push(await drain(second))

    const differences = [...(await compare(ground, 'first', desk)), ...(await compare(ground, 'second', second))]

    expect(differences).toEqual([])
    tell(
      `network: ${acked.length} mutations, ${drains.length} drains, the longest ${Math.max(...drains).toFixed(0)} ms`,
    )
  })
})
