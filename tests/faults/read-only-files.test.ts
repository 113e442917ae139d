import { createHash } from 'node:crypto'
import { chmodSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DeskProcess, startDeskProcess } from './support/desk-process.ts'
import { limitMs } from './support/extent.ts'
import { type Ground, sharedGround } from './support/ground.ts'
import { type Acked, checkIn, compare, drain, judge, serve } from './support/oracle.ts'
import { giveToPlainUser, plainUser, whyNoPermissions } from './support/plain-user.ts'

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

const missing = whyNoPermissions()

describe.skipIf(missing !== undefined)(
  `files that may not be written${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let ground: Ground
    let desk: DeskProcess
    const acked: Acked[] = []
    const folder = (): string => ground.profileOf('permissions')
    const start = (): DeskProcess => startDeskProcess(folder(), plainUser)

    const databases = () =>
      readdirSync(folder())
        .filter((name) => /\.db(-wal)?$/.test(name))
        .toSorted()
    /** Which files there are, and what is in those. What may be written is not made anew either. */
    const seen = (files: RegExp) => ({
      there: databases()
        .filter((name) => name.endsWith('.db'))
        .map((name) => [name, statSync(path.join(folder(), name)).ino]),
      content: matching(files).map((name) => [name, hashOf(readFileSync(path.join(folder(), name)))]),
    })
    const matching = (files: RegExp) => databases().filter((name) => files.test(name))
    const setMode = (files: RegExp, mode: number): void => {
      for (const name of matching(files)) chmodSync(path.join(folder(), name), mode)
    }

    beforeAll(async () => {
      ground = await sharedGround()
      chmodSync(ground.folder, 0o711)
      await (await ground.newDesk('permissions')).stop()
      giveToPlainUser(folder())
      desk = start()
      await desk.signIn()
    })
    afterAll(async () => {
      await desk.kill9()
      await ground.close()
    })

    /** Two mutations that the server has not seen, then the desk ends. */
    const leaveWaiting = async (how: 'stopped' | 'killed'): Promise<void> => {
      ground.line.setWeather({ isCut: true })
      await serve(ground, desk, acked)
      await (how === 'stopped' ? desk.stop() : desk.kill9())
    }
    const startAgain = async (): Promise<void> => {
      ground.line.setWeather({})
      desk = start()
      await desk.signIn()
      await serve(ground, desk, acked)
      await drain(desk)
    }

    test.each([
      { what: 'desk.db', files: /^desk\.db$/, how: 'stopped' },
      { what: 'desk.db', files: /^desk\.db$/, how: 'killed' },
      { what: 'the replica', files: /^replica-\d+\.db$/, how: 'stopped' },
      { what: 'the replica', files: /^replica-\d+\.db$/, how: 'killed' },
      { what: 'all databases with their logs', files: /./, how: 'stopped' },
      { what: 'all databases with their logs', files: /./, how: 'killed' },
    ] as const)(
      '$what, after the desk was $how: it shows everything, sends what waits, and saves nothing (D6)',
      { timeout: limitMs },
      async ({ files, how }) => {
        await leaveWaiting(how)
        setMode(files, 0o400)
        const before = seen(files)

        desk = start()
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
        const after = seen(files)

        setMode(files, 0o600)
        await startAgain()

        expect(waiting).toBe(2)
        expect(result).toMatchObject({ name: ground.counter.family.name })
        expect(refusal).toMatchObject({ code: 'disk_failing' })
        expect(disk).toBe('read_only')
        expect(after).toEqual(before)
        expect((await desk.call('sync.status')).disk).toBe('fine')
        expect(await judge(ground, acked)).toEqual([])
      },
    )

    test.each([
      { what: 'desk.db', files: /^desk\.db$/ },
      { what: 'the replica', files: /^replica-\d+\.db$/ },
      { what: 'all databases with their logs', files: /./ },
    ])(
      '$what of somebody else, that may not even be read: it says so and makes nothing anew (D6)',
      { timeout: limitMs },
      async ({ files }) => {
        await leaveWaiting('killed')
        setMode(files, 0o000)
        const before = seen(files)

        desk = start()
        const refusal = await desk.signIn().catch((error: unknown) => error)
        await desk.stop()
        const after = seen(files)

        setMode(files, 0o600)
        await startAgain()

        expect(refusal).toMatchObject({ code: 'disk_failing' })
        expect(after).toEqual(before)
        expect(await judge(ground, acked)).toEqual([])
      },
    )

    test('and the desk has in the end what the server has (I4)', { timeout: limitMs }, async () => {
      expect(await compare(ground, 'permissions', desk)).toEqual([])
    })
  },
)
