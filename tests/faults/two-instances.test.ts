import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { removeFolder, temporaryFolder } from '../support/store.ts'
import { until } from '../support/until.ts'
import type { DeskProcess } from './support/desk-process.ts'
import { extent, limitMs, tell } from './support/extent.ts'
import { type Ground, sharedGround } from './support/ground.ts'
import { type Acked, compare, drain, judge, serve } from './support/oracle.ts'

const child = path.join(import.meta.dirname, 'children/lock-child.ts')
const folder = temporaryFolder()
afterAll(() => removeFolder(folder))

const said = async (holder: ChildProcess): Promise<string[]> => {
  const [text] = (await once(holder.stdout ?? holder, 'data')) as [Buffer]
  return JSON.parse(text.toString()) as string[]
}

/** How long a program takes to start and wait for the moment, at most. */
const startMs = 1500

describe('two programs on one profile (D12)', () => {
  test('that start at the same moment: one has it, the other is told', { timeout: limitMs }, async () => {
    const rounds = extent(200, 2000)
    const at = String(Date.now() + startMs)
    const both = [0, 1].map(() =>
      spawn(process.execPath, [child, folder, at, String(rounds)], { stdio: ['pipe', 'pipe', 'inherit'] }),
    )
    const [one, other] = await Promise.all(both.map(said))
    for (const each of both) each.stdin.end()
    await Promise.all(both.map((each) => once(each, 'close')))

    expect(one).toHaveLength(rounds)
    expect(other).toEqual(one?.map((answer) => (answer === 'mine' ? 'taken' : 'mine')))
    tell(`two programs at the same moment: ${rounds} times, always one`)
  })
})

describe('a second data process on one profile (D12)', () => {
  let ground: Ground
  let desk: DeskProcess
  const acked: Acked[] = []

  beforeAll(async () => {
    ground = await sharedGround()
    desk = await ground.newDesk('first')
  })
  afterAll(() => ground.close())

  test(
    'opens nothing while the first one lives, and goes on with everything when it is gone',
    { timeout: limitMs },
    async () => {
      for (let round = 0; round < extent(1, 10); round += 1) {
        await serve(ground, desk, acked)
        const second = ground.startDesk('first')
        let hasAnswered = false
        const answer = second.call('app.state').then(() => {
          hasAnswered = true
        })
        await delay(700)
        await serve(ground, desk, acked)
        const early = hasAnswered
        await desk.kill9()
        await answer
        await second.signIn()
        desk = second

        expect(early).toBe(false)
        await drain(desk)
      }

      expect(await judge(ground, acked)).toEqual([])
      expect(await compare(ground, 'first', desk)).toEqual([])
    },
  )

  test('ends by itself when its shell is gone, although it has work to send', async () => {
    desk = ground.startDesk('first')
    await desk.signIn()
    ground.line.setWeather({ isCut: true })
    await serve(ground, desk, acked)

    desk.abandon()
    await until(() => !desk.isRunning())
    ground.line.setWeather({})

    const next = ground.startDesk('first')
    await next.signIn()
    await drain(next)
    expect(await judge(ground, acked)).toEqual([])
  })
})
