import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRandom } from '../../build/demo/random.ts'
import type { DeskProcess } from './support/desk-process.ts'
import { extent, limitMs, tell } from './support/extent.ts'
import { type Ground, sharedGround } from './support/ground.ts'
import { type Acked, compare, drain, judge, serve } from './support/oracle.ts'

let ground: Ground
let desks: readonly (readonly [string, DeskProcess])[]
const acked: Acked[] = []
const drains: number[] = []

beforeAll(async () => {
  ground = await sharedGround()
  desks = [
    ['first', await ground.newDesk('first')],
    ['second', await ground.newDesk('second')],
  ]
})
afterAll(() => ground.close())

const drainAll = async (): Promise<void> => {
  for (const [, desk] of desks) drains.push(await drain(desk))
}

/** What the desks send. The values of a statement show it; its text goes over a connection once, and then has a name. */
const commands = ['check_in.record', 'payment.take']

/** Kills the server when PostgreSQL has said that mutations are committed, and before it has heard of it. */
const killAfterCommit = (): Promise<void> =>
  new Promise((resolve) => {
    const writing = new Set<number>()
    ground.databaseLine.watch((way, bytes, line) => {
      if (way === 'request' && commands.some((name) => bytes.includes(name))) writing.add(line)
      // The tag of CommandComplete.
      if (way === 'request' || !writing.has(line) || !bytes.includes('COMMIT\0')) return true
      ground.databaseLine.watch(undefined)
      void ground.server.kill().then(resolve)
      return false
    })
  })

describe('a server that is killed', () => {
  test('between COMMIT and its answer has done everything once (N1)', { timeout: limitMs }, async () => {
    for (let round = 0; round < extent(2, 40); round += 1) {
      const killed = killAfterCommit()
      for (const [, desk] of desks) await serve(ground, desk, acked)
      await killed
      await ground.startServer()
      await drainAll()
    }

    expect(await judge(ground, acked)).toEqual([])
  })

  test('at any moment under load has done everything once (S2)', { timeout: limitMs }, async () => {
    const seed = 20_261_121
    const random = createRandom(seed, 0)
    for (let round = 0; round < extent(2, 60); round += 1) {
      const working = (async () => {
        for (let count = 0; count < 5; count += 1) {
          for (const [, desk] of desks) await serve(ground, desk, acked, random.int(1, 500))
        }
      })()
      await delay(random.int(0, 150))
      await ground.server.kill()
      await working
      await ground.startServer()
      await drainAll()
    }

    expect(await judge(ground, acked), `seed ${seed}`).toEqual([])
  })

  test('together with a desk, that desk goes on too (D1, S2)', { timeout: limitMs }, async () => {
    const random = createRandom(7, 0)
    for (let round = 0; round < extent(1, 25); round += 1) {
      const [name, desk] = desks[1] ?? []
      if (!name || !desk) throw new Error('There is no second desk')
      for (let count = 0; count < 3; count += 1) await serve(ground, desk, acked, random.int(1, 500))
      await delay(random.int(0, 50))
      await Promise.all([desk.kill9(), ground.server.kill()])
      await ground.startServer()
      const again = ground.startDesk(name)
      await again.signIn()
      desks = [...desks.slice(0, 1), [name, again]]
      await drainAll()
    }

    expect(await judge(ground, acked)).toEqual([])
  })
})

describe('a database whose connections break', () => {
  test('in the middle of anything costs nothing (S3)', { timeout: limitMs }, async () => {
    const random = createRandom(11, 0)
    for (let round = 0; round < extent(2, 60); round += 1) {
      const working = (async () => {
        for (const [, desk] of desks) await serve(ground, desk, acked, random.int(1, 500))
      })()
      await delay(random.int(0, 60))
      ground.databaseLine.reset()
      await working
      await drainAll()
    }

    expect(await judge(ground, acked)).toEqual([])
  })
})

describe('after all of this', () => {
  test('both desks and the server have the same rows (I4)', { timeout: limitMs }, async () => {
    await drainAll()

    const differences: string[] = []
    for (const [name, desk] of desks) differences.push(...(await compare(ground, name, desk)))

    expect(differences).toEqual([])
    tell(`server: ${acked.length} mutations, ${drains.length} drains, the longest ${Math.max(...drains).toFixed(0)} ms`)
  })
})
