import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { workInThread } from '../../src-main/data/snapshot/work-in-thread.ts'
import { openDesk, type TestDesk } from '../support/desk.ts'
import { recorded, snapshotDesks, watched } from '../support/snapshot-desks.ts'
import { addFamilies } from '../support/snapshots.ts'
import { temporaryFolder } from '../support/store.ts'
import { until } from '../support/until.ts'

const { server, manifest, publish, keep, newDesk, deskOfTheLog, expectAlike } = snapshotDesks()

const integrityOf = (desk: TestDesk): unknown =>
  desk.data.signedIn().store.replica.db.pragma('integrity_check', { simple: true })

describe('a new desk with a snapshot', () => {
  test('has every row and finds every family, like a desk that followed the log alone (I4)', async () => {
    const { line, partsAsked, fromTheStart } = recorded()

    const desk = await newDesk({ fetch: line })

    expect(manifest().parts.length).toBeGreaterThan(3)
    expect(partsAsked()).toEqual(manifest().parts.map((_, number) => String(number)))
    expect(fromTheStart()).toEqual([])
    await expectAlike(desk, await deskOfTheLog())
    expect(integrityOf(desk)).toBe('ok')
  })

  test('has what came, changed and went after the snapshot, and finds it', async () => {
    await addFamilies(server(), 3, 'Wald')
    await server().sql(`update families set name = 'Tal' where name = 'Berg 7'`)
    await server().sql(
      `delete from family_facilities where family_id = (select id from families where name = 'Berg 8')`,
    )

    const desk = await newDesk()

    await expectAlike(desk, await deskOfTheLog())
    const names = desk.rows('families').map(({ name }) => name)
    expect(names).toEqual(expect.arrayContaining(['Wald 1', 'Wald 2', 'Wald 3', 'Tal']))
    expect(names).not.toContain('Berg 8')
  })

  test('can work at once, and its work reaches the server', async () => {
    const desk = await newDesk()

    const entries = server().counter.children.map(({ id }) => ({
      student_id: id,
      session_id: server().counter.session.id,
    }))
    await desk.command('check_in.record', { entries })

    await until(async () => (await desk.data.status()).waiting === 0)
    expect(await server().sql('select from check_ins')).toHaveLength(entries.length)
  })

  test('says how many rows have come of how many', async () => {
    const desk = await newDesk()

    const states = desk.pushes.flatMap((push) => (push.push === 'app-state' ? [push.data] : []))
    const counted = states.filter(({ rows_total }) => rows_total !== null)
    expect(counted.every(({ rows_received, rows_total }) => rows_received <= Number(rows_total))).toBe(true)
    // Not each step is told, nor the last one: a load is quicker than people read.
    expect(counted.some(({ rows_received }) => rows_received > 0)).toBe(true)
    expect(counted).toContainEqual(expect.objectContaining({ rows_total: manifest().rows }))
  })

  test('does it in a thread as well', async () => {
    const file = path.join(import.meta.dirname, '../../src-main/data/snapshot/work-main.ts')

    const desk = await newDesk({ work: workInThread(file) })

    await expectAlike(desk, await deskOfTheLog())
  })

  test('writes nothing of a person to its disk that could be read without the key (I7, promise 7)', async () => {
    const seen: string[] = []
    let folder = ''
    const look = (): void => {
      for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
        if (entry.isFile()) seen.push(readFileSync(path.join(entry.parentPath, entry.name), 'latin1'))
      }
    }
    folder = temporaryFolder()
    const desk = await newDesk({ folder, work: watched({ after: look }) })
    look()

    expect(desk.rows('families').map(({ name }) => name)).toContain('Berg 42')
    expect(seen.length).toBeGreaterThan(manifest().parts.length)
    for (const text of ['Berg 42', 'Kind42', 'SQLite format 3', '(\xb5/\xfd']) {
      expect(seen.some((bytes) => bytes.includes(text))).toBe(false)
    }
  })
})

describe('a desk that works when its log is lost', () => {
  test('loads the snapshot beside what it shows, and keeps its work (F3, N7)', async () => {
    const { line, partsAsked } = recorded()
    let published: Promise<unknown> = Promise.resolve()
    const patient: typeof fetch = async (input, init) => {
      if (new URL(input instanceof Request ? input.url : input).pathname === '/v1/snapshot') await published
      return line(input, init)
    }
    const desk = await newDesk({ fetch: patient })
    const before = partsAsked().length
    const gate = Promise.withResolvers<undefined>()
    published = gate.promise
    await server().sql(`select sync.renew_epoch(epoch, 'restored') from server_epoch`)
    await publish()
    gate.resolve(undefined)
    await addFamilies(server(), 1, 'Wald')

    await until(() => desk.rows('families').some(({ name }) => name === 'Wald 1'))

    expect(partsAsked().length).toBeGreaterThan(before)
    await expectAlike(desk, await deskOfTheLog())
    expect(readdirSync(desk.folder).filter((name) => /^replica-\d+\.db$/.test(name))).toHaveLength(1)
  })
})

describe('a desk that was away for long', () => {
  test('takes a newer snapshot in place of a backlog that fills its memory, and keeps its work (F11, N7)', async () => {
    const folder = temporaryFolder()
    const away = openDesk({ folder })
    keep(away)
    await away.call('device.enroll', { code: await server().newCode(), name: 'Desk', server_url: server().url() })
    await away.signIn()
    await away.stop()
    await addFamilies(server(), 2500, 'Wald')
    // PostgreSQL does it by itself, but not this minute.
    await server().sql('analyze sync_log')
    const newer = await publish()

    const { line, partsAsked, fromTheStart } = recorded()
    const back = openDesk({ folder, fetch: line })
    keep(back)
    await back.signIn()
    await until(() => back.rows('families').some(({ name }) => name === 'Wald 2500'))

    expect(partsAsked()).toHaveLength(newer.parts.length)
    expect(fromTheStart()).toEqual([])
    await expectAlike(back, await deskOfTheLog())
  })
})
