import { closeSync, existsSync, openSync, rmSync, writeSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../support/until.ts'
import type { DeskProcess } from './support/desk-process.ts'
import { extent, limitMs, tell } from './support/extent.ts'
import { type Ground, sharedGround } from './support/ground.ts'
import { type Acked, compare, drain, judge, serve } from './support/oracle.ts'
import { mount, unmount, whyNoMount } from './support/small-disk.ts'

const missing = whyNoMount()

describe.skipIf(missing !== undefined)(
  `a disk of 12 MB${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let ground: Ground
    let full: DeskProcess
    let other: DeskProcess
    const acked: Acked[] = []

    beforeAll(async () => {
      ground = await sharedGround()
      mount(ground.profileOf('full'))
      full = await ground.newDesk('full')
      other = await ground.newDesk('other')
    })
    afterAll(async () => {
      await full.kill9()
      unmount(ground.profileOf('full'))
      await ground.close()
    })

    test(
      'that fills up refuses what it cannot keep, reads on, and is used again without a restart (D4)',
      { timeout: limitMs },
      async () => {
        const refusals: unknown[] = []
        for (let round = 0; round < extent(2, 30); round += 1) {
          await serve(ground, full, acked)
          const filler = path.join(ground.profileOf('full'), 'filler')
          fill(filler)
          for (let count = 0; count < 5; count += 1) {
            await serve(ground, full, acked).catch((error: unknown) => refusals.push(error))
            await serve(ground, other, acked)
          }
          const { result } = await full.call('query', {
            name: 'counter.family',
            args: { family_id: ground.counter.family.id, now: new Date().toISOString() },
          })

          rmSync(filler)
          // Sooner or later the first one is saved again; the person tries until then.
          await until(() =>
            serve(ground, full, acked).then(
              () => true,
              () => false,
            ),
          )
          await drain(full)
          await drain(other)
          expect(result).toBeDefined()
        }

        expect(refusals.length).toBeGreaterThan(0)
        expect([...new Set(refusals.map((error) => (error as { code?: string }).code))]).toEqual(['disk_full'])
        expect(await judge(ground, acked)).toEqual([])
        tell(`a full disk: ${refusals.length} refusals, ${acked.length} saved, 0 lost`)
      },
    )

    test('and has in the end what the server has (I4)', { timeout: limitMs }, async () => {
      expect([...(await compare(ground, 'other', other)), ...(await compare(ground, 'full', full))]).toEqual([])
    })
  },
)

describe.skipIf(missing !== undefined)('a disk that has a reserve', () => {
  let ground: Ground
  let desk: DeskProcess
  const acked: Acked[] = []

  beforeAll(async () => {
    ground = await sharedGround()
    mount(ground.profileOf('reserved'), '90m')
    desk = await ground.newDesk('reserved')
  })
  afterAll(async () => {
    await desk.kill9()
    unmount(ground.profileOf('reserved'))
    await ground.close()
  })

  test(
    'still saves the last work of the day when it is full, says so, and has it back when there is room (D4)',
    { timeout: limitMs },
    async () => {
      const folder = ground.profileOf('reserved')
      const isFull = async (): Promise<boolean> => (await desk.call('sync.status')).disk === 'almost_full'
      await until(() => existsSync(path.join(folder, 'reserve')))
      const before = await isFull()
      fill(path.join(folder, 'filler'))

      for (let count = 0; count < extent(20, 500); count += 1) await serve(ground, desk, acked)
      const during = await isFull()
      await drain(desk)
      rmSync(path.join(folder, 'filler'))
      await until(async () => !(await isFull()))

      expect([before, during]).toEqual([false, true])
      expect(existsSync(path.join(folder, 'reserve'))).toBe(true)
      expect(await judge(ground, acked)).toEqual([])
      expect(await compare(ground, 'reserved', desk)).toEqual([])
    },
  )

  test('starts when it is full, and works on with what was kept for that (D4)', { timeout: limitMs }, async () => {
    const filler = path.join(ground.profileOf('reserved'), 'filler')
    // With nothing beside the databases: what SQLite keeps there while they are open is made anew.
    fill(filler)

    desk = ground.startDesk('reserved')
    await desk.signIn()
    await serve(ground, desk, acked)
    const { disk } = await desk.call('sync.status')
    await drain(desk)
    rmSync(filler)

    expect(disk).toBe('almost_full')
    expect(await judge(ground, acked)).toEqual([])
    expect(await compare(ground, 'reserved', desk)).toEqual([])
  })
})

const pieceBytes = 4096

/** Takes all the room that there is. */
const fill = (file: string): void => {
  const handle = openSync(file, 'w')
  const piece = Buffer.alloc(pieceBytes)
  try {
    for (;;) writeSync(handle, piece)
  } catch {
    closeSync(handle)
  }
}
