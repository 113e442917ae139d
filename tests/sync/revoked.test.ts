import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { markRevoked } from '../../src-main/data/device/revoked.ts'
import type { Inbox } from '../../src-shared/queries/inbox.ts'
import { enrollDesk, openDesk, type TestDesk } from '../support/desk.ts'
import { cuttable } from '../support/lines.ts'
import { paymentOf } from '../support/payment-args.ts'
import { startSyncServer, type TestServer } from '../support/sync-server.ts'
import { until } from '../support/until.ts'

let server: TestServer
let desks: TestDesk[] = []

beforeEach(async () => {
  server = await startSyncServer()
})
afterEach(async () => {
  for (const desk of desks) await desk.remove()
  desks = []
  await server.close()
})

const newDesk = async (options: Parameters<typeof enrollDesk>[1] = {}): Promise<TestDesk> => {
  const desk = await enrollDesk(server, options)
  desks.push(desk)
  return desk
}

const idOf = (desk: TestDesk): string => desk.data.signedIn().device.profile().device_id

const revoke = async (id: string): Promise<void> => {
  await server.sql('update devices set revoked_at = now() where id = $1', [id])
}

const pay = (desk: TestDesk) => desk.command('payment.take', paymentOf(server.counter)(1000, []))

const checkIn = (desk: TestDesk) =>
  desk.command('check_in.record', {
    entries: [{ student_id: server.counter.children[0].id, session_id: server.counter.session.id }],
  })

const isOut = async (desk: TestDesk): Promise<void> => until(() => desk.data.appState().stage === 'not_enrolled')

const isUpload = (input: Parameters<typeof fetch>[0]): boolean => new Request(input).url.endsWith('/v1/mutations')

/** A line that lets nothing up until it is mended, and counts how often the log was refused. */
const withoutUploads = () => {
  let isMended = false
  let refusals = 0
  const line: typeof fetch = async (input, init) => {
    if (!isMended && isUpload(input)) throw new TypeError('fetch failed')
    const answer = await fetch(input, init)
    if (answer.status === 403) refusals += 1
    return answer
  }
  return { fetch: line, refusals: () => refusals, mend: () => void (isMended = true) }
}

const filesOf = (desk: TestDesk): readonly string[] => readdirSync(desk.folder)

const outcomesOf = async (id: string) =>
  server.sql('select command, outcome, code from mutations where device_id = $1 order by device_seq', [id])

describe('a device that is revoked (U7)', () => {
  test('hands over what it has not sent, and then has nothing of the facility any more', async () => {
    const line = cuttable()
    const desk = await newDesk({ fetch: line.fetch })
    const other = await newDesk()
    const id = idOf(desk)
    line.cut(true)
    const { mutation_id } = await pay(desk)
    await revoke(id)
    line.cut(false)

    await isOut(desk)

    expect(await outcomesOf(id)).toEqual([{ command: 'payment.take', outcome: 'refused', code: 'device_revoked' }])
    expect(filesOf(desk)).toEqual(['revoked.json'])
    const left = JSON.parse(readFileSync(path.join(desk.folder, 'revoked.json'), 'utf8')) as object
    expect(Object.keys(left)).toEqual(['device_id', 'name', 'facility_name', 'server_url', 'at'])
    await until(() => other.rows('mutation_outcomes').length === 1)
    const inbox = await other.query<Inbox>('inbox.list', {})
    expect(inbox.open).toMatchObject([{ id: mutation_id, suggestion: 'book_the_money' }])
  })

  test('keeps everything for as long as its work does not get through', async () => {
    const line = withoutUploads()
    const desk = await newDesk({ fetch: line.fetch })
    await pay(desk)
    await revoke(idOf(desk))

    await until(() => line.refusals() === 3)

    expect(await desk.data.status()).toMatchObject({ waiting: 1 })
    expect(desk.data.appState().stage).toBe('ready')
  })

  test('sends what is saved in the last moment, too', async () => {
    let isFirst = true
    const desk: TestDesk = await newDesk({
      async fetch(input, init) {
        const answer = await fetch(input, init)
        const isLast = isUpload(input) && (await answer.clone().text()).includes('device_revoked')
        // While the answer to the last of its work is on its way.
        if (isLast && isFirst) {
          isFirst = false
          await pay(desk)
        }
        return answer
      },
    })
    const id = idOf(desk)
    await revoke(id)
    await checkIn(desk)

    await isOut(desk)

    expect(await outcomesOf(id)).toMatchObject([{ command: 'check_in.record' }, { command: 'payment.take' }])
  })

  test('sends once more what it has sent before: a server that was set back may have lost it', async () => {
    const desk = await newDesk()
    const id = idOf(desk)
    await checkIn(desk)
    await until(async () => (await desk.data.status()).waiting === 0)
    await server.sql('delete from mutations where device_id = $1', [id])
    await revoke(id)

    await isOut(desk)

    expect(await outcomesOf(id)).toMatchObject([{ command: 'check_in.record' }])
  })

  test('says at the next start what it was, and is enrolled anew', async () => {
    const desk = await newDesk()
    const id = idOf(desk)
    await revoke(id)
    await isOut(desk)
    await desk.stop()

    const again = openDesk({ folder: desk.folder })
    desks.push(again)
    const state = await again.call('app.state')
    await again.call('device.enroll', { code: await server.newCode(), name: 'New', server_url: server.url() })
    await again.signIn()

    expect(state).toMatchObject({
      stage: 'not_enrolled',
      revoked: { name: 'Desk', facility_name: 'Werribee' },
      default_server_url: server.url(),
    })
    expect(again.data.appState()).toMatchObject({ revoked: null, device: { name: 'New' } })
    expect(idOf(again)).not.toBe(id)
    expect(again.rows('students').length).toBeGreaterThan(0)
  })

  test('sends all again where the server was set back after the last answer', async () => {
    let isSetBack = false
    const desk: TestDesk = await newDesk({
      async fetch(input, init) {
        if (new Request(input).url.endsWith('/v1/devices/release') && !isSetBack) {
          isSetBack = true
          await server.sql('delete from mutation_outcomes where device_id = $1', [id])
          await server.sql('delete from mutations where device_id = $1', [id])
          await server.sql('update device_progress set last_seq = 0 where id = $1', [id])
        }
        return fetch(input, init)
      },
    })
    const id = idOf(desk)
    await checkIn(desk)
    await revoke(id)

    await isOut(desk)

    expect(isSetBack).toBe(true)
    expect(await outcomesOf(id)).toMatchObject([{ command: 'check_in.record' }])
  })

  test('destroys nothing because somebody on the way says so', async () => {
    let asked = 0
    let isLying = false
    const desk = await newDesk({
      async fetch(input, init) {
        const { pathname } = new URL(new Request(input).url)
        if (pathname === '/v1/devices/release') asked += 1
        if (!isLying || pathname !== '/v1/shape') return fetch(input, init)
        return Response.json({ code: 'device_revoked', message: 'Revoked', details: {} }, { status: 403 })
      },
    })
    isLying = true
    await pay(desk)

    await until(() => asked === 2)

    expect(filesOf(desk)).toEqual(expect.arrayContaining(['device.json', 'desk.db']))
    expect(await outcomesOf(idOf(desk))).toMatchObject([{ outcome: 'applied' }])
  })

  test('is not written back by a sign-in that was on its way', async () => {
    const answered = Promise.withResolvers<void>()
    let isOnItsWay = false
    const before = await newDesk()
    const id = idOf(before)
    await before.stop()
    const desk = openDesk({
      folder: before.folder,
      // A lease of some days ago, which is renewed behind the local sign-in.
      now: () => Date.now() + 2 * 24 * 3600 * 1000,
      async fetch(input, init) {
        const answer = await fetch(input, init)
        if (!new Request(input).url.endsWith('/v1/sign-in')) return answer
        isOnItsWay = true
        await answered.promise
        return answer
      },
    })
    desks.push(desk)
    await desk.signIn()
    await until(() => isOnItsWay)
    await revoke(id)

    await isOut(desk)
    answered.resolve()
    await delay(500)

    expect(filesOf(desk)).toEqual(['revoked.json'])
  })

  test('goes on with destroying at the next start after a kill', async () => {
    const desk = await newDesk()
    const { device } = desk.data.signedIn()
    await desk.stop()
    markRevoked(desk, device.profile(), desk.data.now)
    const before = filesOf(desk)

    desks.push(openDesk({ folder: desk.folder }))

    expect(before).toEqual(expect.arrayContaining(['device.json', 'desk.db', 'replica-1.db']))
    expect(filesOf(desk)).toEqual(['revoked.json'])
  })

  test('goes on as before when that was taken back before its work was with the server', async () => {
    const line = withoutUploads()
    const desk = await newDesk({ fetch: line.fetch })
    const id = idOf(desk)
    await pay(desk)
    await revoke(id)
    await until(() => line.refusals() === 1)
    await server.sql('update devices set revoked_at = null where id = $1', [id])
    line.mend()

    await until(async () => (await desk.data.status()).waiting === 0)

    expect(await outcomesOf(id)).toMatchObject([{ outcome: 'applied' }])
    expect(filesOf(desk)).toEqual(expect.arrayContaining(['device.json', 'desk.db']))
  })
})
