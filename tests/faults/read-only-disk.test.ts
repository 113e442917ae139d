import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../support/until.ts'
import type { DeskProcess } from './support/desk-process.ts'
import { limitMs } from './support/extent.ts'
import { type Ground, sharedGround } from './support/ground.ts'
import { type Acked, checkIn, compare, drain, judge, serve } from './support/oracle.ts'
import { mount, remount, unmount, whyNoMount } from './support/small-disk.ts'

const missing = whyNoMount()

describe.skipIf(missing !== undefined)(
  `a disk that can only be read${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let ground: Ground
    let desk: DeskProcess
    const acked: Acked[] = []
    const folder = (): string => ground.profileOf('read-only')
    const filesThere = () =>
      readdirSync(folder(), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.db') || name.endsWith('.json'))
        .map((name) => [name, readFileSync(path.join(folder(), name)).toString('base64')])

    beforeAll(async () => {
      ground = await sharedGround()
      mount(folder(), '100m')
      desk = await ground.newDesk('read-only')
    })
    afterAll(async () => {
      await desk.kill9()
      unmount(folder())
      await ground.close()
    })

    test.each(['stopped', 'killed'])(
      'after the desk was %s: it shows everything, sends what waits, and saves nothing (D6)',
      { timeout: limitMs },
      async (how) => {
        ground.line.setWeather({ isCut: true })
        await serve(ground, desk, acked)
        await (how === 'stopped' ? desk.stop() : desk.kill9())
        remount(folder(), 'ro')
        const before = filesThere()

        desk = ground.startDesk('read-only')
        await desk.signIn()
        const { waiting } = await desk.call('sync.status')
        const { result } = await desk.call('query', {
          name: 'counter.family',
          args: { family_id: ground.counter.family.id, now: new Date().toISOString() },
        })
        const refusal = await checkIn(ground, desk, []).catch((error: unknown) => error)
        ground.line.setWeather({})
        await drain(desk)
        const { disk } = await desk.call('sync.status')
        await desk.stop()
        const after = filesThere()

        remount(folder(), 'rw')
        desk = ground.startDesk('read-only')
        await desk.signIn()
        await serve(ground, desk, acked)
        await drain(desk)

        expect(waiting).toBe(2)
        expect(result).toMatchObject({ name: ground.counter.family.name })
        expect(refusal).toMatchObject({ code: 'disk_failing' })
        expect(disk).toBe('read_only')
        expect(after).toEqual(before)
        expect((await desk.call('sync.status')).disk).toBe('fine')
        expect(await judge(ground, acked)).toEqual([])
      },
    )

    test('and the desk has in the end what the server has (I4)', { timeout: limitMs }, async () => {
      await until(async () => (await desk.call('sync.status')).waiting === 0)

      expect(await compare(ground, 'read-only', desk)).toEqual([])
    })
  },
)
