import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../support/until.ts'
import type { DeskProcess } from './support/desk-process.ts'
import { extent, limitMs, tell } from './support/extent.ts'
import { type Ground, sharedGround } from './support/ground.ts'
import { type Acked, checkIn, compare, drain, judge } from './support/oracle.ts'
import type { Proxy } from './support/proxy.ts'

interface Desk {
  readonly name: string
  readonly desk: DeskProcess
  readonly line: Proxy
}

let ground: Ground
/** Several share the work: most of it is waiting. */
let desks: readonly Desk[]
const acked: Acked[] = []
/** Milliseconds from the end of a fault until nothing waited any more. */
const drains: number[] = []

const deskCount = extent(2, 4)

beforeAll(async () => {
  ground = await sharedGround()
  desks = await Promise.all(
    Array.from({ length: deskCount }, async (_, index) => {
      const [name, line] = [`desk-${index}`, await ground.newLine()]
      return { name, line, desk: await ground.newDesk(name, line) }
    }),
  )
})
afterAll(() => ground.close())

describe.each([
  ['what was sent', 'POST /v1/mutations', extent(120, 1)],
  ['the question for news', 'GET /v1/shape', extent(600, 1)],
])('an answer to %s that is cut', (_what, answersTo, stride) => {
  test('at any byte counts as none, and what was sent counts once (N4)', { timeout: limitMs }, async () => {
    const lengths: number[] = []
    for (const { desk, line } of desks) {
      await checkIn(ground, desk, acked)
      await drain(desk)
      // The next question on the same connection shows that the answer was whole.
      await until(() => line.lastAnswer(answersTo) !== undefined)
      lengths.push(line.lastAnswer(answersTo) ?? 0)
    }
    /** Every desk cuts at other bytes. Answers get no shorter. */
    const cutAll = async ({ desk, line }: Desk, index: number): Promise<number> => {
      let cuts = 0
      for (let after = index * stride; after < Math.min(...lengths); after += deskCount * stride) {
        const before = line.cuts()
        line.setWeather({ cut: { answersTo, after } })
        await checkIn(ground, desk, acked)
        await until(() => line.cuts() > before)
        line.setWeather({})
        drains.push(await drain(desk))
        cuts += 1
      }
      return cuts
    }

    const cuts = await Promise.all(desks.map(cutAll))

    expect(Math.min(...cuts)).toBeGreaterThan(0)
    expect(await judge(ground, acked)).toEqual([])
    tell(`${answersTo}: cut at ${cuts.reduce((sum, each) => sum + each)} bytes, of ${deskCount} desks`)
  })
})

describe('after all of this', () => {
  test('the desks and the server have the same rows (I4)', { timeout: limitMs }, async () => {
    const differences: string[] = []
    for (const { name, desk } of desks) {
      await drain(desk)
      differences.push(...(await compare(ground, name, desk)))
    }

    expect(differences).toEqual([])
    tell(`cuts: ${acked.length} mutations, ${drains.length} drains, the longest ${Math.max(...drains).toFixed(0)} ms`)
  })
})
