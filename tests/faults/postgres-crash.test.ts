import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRandom } from '../../build/demo/random.ts'
import { removeFolder } from '../support/store.ts'
import type { DeskProcess } from './support/desk-process.ts'
import { extent, limitMs, tell } from './support/extent.ts'
import { type Ground, openGround } from './support/ground.ts'
import { type Acked, compare, drain, judge, serve } from './support/oracle.ts'
import { createPostgres, createStandby, type OwnPostgres, postgresFolder } from './support/own-postgres.ts'

const folder = postgresFolder()
let postgres: OwnPostgres
let ground: Ground
let desk: DeskProcess
const acked: Acked[] = []
const drains: number[] = []

beforeAll(async () => {
  postgres = await createPostgres(folder)
  ground = await openGround(postgres.urls, () => Promise.resolve())
  desk = await ground.newDesk('first')
}, limitMs)
afterAll(async () => {
  await ground.close()
  await postgres.end('SIGQUIT')
  removeFolder(folder)
})

const work = async (rounds: number): Promise<void> => {
  for (let count = 0; count < rounds; count += 1) await serve(ground, desk, acked, count + 1)
}

describe('PostgreSQL', () => {
  test.each([
    ['shut down at once', 'SIGQUIT'],
    ['killed', 'SIGKILL'],
  ] as const)(
    'that is %s in the middle of anything and started again costs nothing (S3)',
    { timeout: limitMs },
    async (_how, signal) => {
      const random = createRandom(13, 0)
      for (let round = 0; round < extent(1, 20); round += 1) {
        const working = work(8)
        await delay(random.int(0, 120))
        await postgres.end(signal)
        await working
        await delay(random.int(0, 500))
        await postgres.start()
        drains.push(await drain(desk))
      }

      expect(await judge(ground, acked)).toEqual([])
    },
  )

  test('that is lost, and its standby takes over, costs nothing (S3)', { timeout: limitMs }, async () => {
    const standby = await createStandby(postgres, path.join(folder, 'standby'))
    try {
      await work(4)
      drains.push(await drain(desk))
      const working = work(8)
      await delay(60)
      await postgres.end('SIGKILL')
      await working
      await standby.query('select pg_promote()')
      ground.databaseLine.setUpstream(standby.port)
      drains.push(await drain(desk))

      const there = { ...ground, truth: ground.truthAt(standby.urls.adminUrl) }
      const wrong = await judge(there, acked)
      const differences = await compare(there, 'first', desk)

      expect(wrong).toEqual([])
      expect(differences).toEqual([])
      tell(
        `PostgreSQL: ${acked.length} mutations, ${drains.length} drains, the longest ${Math.max(...drains).toFixed(0)} ms`,
      )
    } finally {
      await ground.close()
      await standby.end('SIGQUIT')
    }
  })
})
