import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { enrollDesk, openDesk, type TestDesk } from '../support/desk.ts'
import { paymentOf } from '../support/payment-args.ts'
import { password, signInName, startSyncServer, type TestServer } from '../support/sync-server.ts'
import { until } from '../support/until.ts'

let server: TestServer
const desks: TestDesk[] = []
let isCut = false

beforeAll(async () => {
  server = await startSyncServer()
})
afterEach(async () => {
  isCut = false
  for (const desk of desks.splice(0)) await desk.remove()
})
afterAll(() => server.close())

const line: typeof fetch = async (input, init) => {
  if (isCut) throw new TypeError('The line is cut')
  return fetch(input, init)
}

const newSecret = new Uint8Array(32).fill(9)

/** A desk that was closed with a payment that is not sent, and started again under another keychain. */
const lockedDesk = async () => {
  const before = await enrollDesk(server, { fetch: line })
  const { device_id } = before.data.signedIn().device.profile()
  isCut = true
  const paid = await before.command('payment.take', paymentOf(server.counter)(1000, []))
  const [receipt] = before.rows('receipts').slice(-1)
  await before.stop()
  isCut = false
  const desk = openDesk({ folder: before.folder, fetch: line, deviceSecret: newSecret })
  desks.push(desk)
  return { desk, device_id, id: paid.mutation_id, receipt: String(receipt?.['label']) }
}

const unlock = async (desk: TestDesk): Promise<void> => {
  await desk.call('device.enroll', { code: await server.newCode(), name: 'Desk', server_url: server.url() })
}

describe('a computer whose keychain was lost (D16)', () => {
  test('says so, and changes nothing until somebody has a code', async () => {
    const { desk } = await lockedDesk()

    const state = await desk.call('app.state')
    const signIn = await desk.invoke('session.sign_in', { sign_in_name: signInName, password })
    const wrong = { code: '0000-0000-0000', name: 'Desk', server_url: server.url() }
    const enrolled = await desk.invoke('device.enroll', wrong)

    expect(state).toMatchObject({ stage: 'locked', device: { name: 'Desk', facility_name: 'Werribee' } })
    expect(state.default_server_url).toBe(server.url())
    expect(signIn).toMatchObject({ ok: false, error: { code: 'not_enrolled' } })
    expect(enrolled).toMatchObject({ ok: false, error: { code: 'code_invalid' } })
    expect((await desk.call('app.state')).stage).toBe('locked')
  })

  test('is the same device again with a code, and what it had not sent goes up, once', async () => {
    const { desk, device_id, id, receipt } = await lockedDesk()

    await unlock(desk)
    await desk.signIn()
    await until(async () => (await desk.data.status()).waiting === 0)

    const sent = await server.sql('select device_id, outcome, device_seq from mutations where id = $1', [id])
    const receipts = await server.sql('select label from receipts where label = $1', [receipt])
    expect(sent).toEqual([{ device_id, outcome: 'applied', device_seq: 1 }])
    expect(receipts).toHaveLength(1)
  })

  test('opens without internet from then on', async () => {
    const { desk, receipt } = await lockedDesk()
    await unlock(desk)
    await desk.signIn()
    await desk.stop()
    isCut = true

    const again = openDesk({ folder: desk.folder, fetch: line, deviceSecret: newSecret })
    await again.signIn()

    expect(again.rows('receipts').map(({ label }) => label)).toContain(receipt)
    await again.stop()
  })

  test('needs the internet for the first sign-in, and says so', async () => {
    const { desk } = await lockedDesk()
    await unlock(desk)
    isCut = true

    const reply = await desk.invoke('session.sign_in', { sign_in_name: signInName, password })

    expect(reply).toMatchObject({ ok: false, error: { code: 'needs_internet' } })
  })
})

describe('a computer whose device.json was lost', () => {
  /** With a payment that is not sent. */
  const closedDesk = async () => {
    const before = await enrollDesk(server, { fetch: line })
    isCut = true
    const { mutation_id: id } = await before.command('payment.take', paymentOf(server.counter)(1000, []))
    await before.stop()
    isCut = false
    const file = path.join(before.folder, 'device.json')
    return { folder: before.folder, file, copy: `${file}.copy`, profile: readFileSync(file), id }
  }
  const withoutProfile = async () => {
    const closed = await closedDesk()
    rmSync(closed.file)
    rmSync(closed.copy)
    return closed
  }

  test('goes on with the copy of it, and with what was not sent', async () => {
    const { folder, file, profile, id } = await closedDesk()
    rmSync(file)

    const desk = openDesk({ folder, fetch: line })
    desks.push(desk)
    const stage = desk.data.appState().stage
    await desk.signIn()
    await until(async () => (await desk.data.status()).waiting === 0)

    expect(stage).toBe('signed_out')
    expect(readFileSync(file)).toEqual(profile)
    expect(await server.sql('select outcome from mutations where id = $1', [id])).toEqual([{ outcome: 'applied' }])
  })

  test('says so where neither can be read just now, sets nothing up over them, and looks again (D6)', async () => {
    const { folder, file, copy, id } = await closedDesk()
    const hidden = [file, copy].map((each) => ({ each, aside: `${each}.aside` }))
    for (const { each, aside } of hidden) {
      renameSync(each, aside)
      mkdirSync(each)
    }
    const desk = openDesk({ folder, fetch: line })
    desks.push(desk)
    const unreadable = desk.data.appState().stage
    const enrolled = await desk.invoke('device.enroll', {
      code: await server.newCode(),
      name: 'Desk',
      server_url: server.url(),
    })
    for (const { each, aside } of hidden) {
      rmdirSync(each)
      renameSync(aside, each)
    }

    const again = await desk.call('app.state')
    await desk.signIn()
    await until(async () => (await desk.data.status()).waiting === 0)

    expect([unreadable, again.stage]).toEqual(['unreadable', 'signed_out'])
    expect(enrolled).toMatchObject({ ok: false, error: { code: 'disk_failing' } })
    expect(await server.sql('select outcome from mutations where id = $1', [id])).toEqual([{ outcome: 'applied' }])
  })

  test('says so where both are damaged, and is enrolled anew beside them', async () => {
    const { folder, file, copy } = await closedDesk()
    writeFileSync(file, '{"server_url":')
    writeFileSync(copy, '')
    const desk = openDesk({ folder, fetch: line })
    desks.push(desk)
    const { stage } = desk.data.appState()

    await unlock(desk)
    await desk.signIn()

    expect(stage).toBe('damaged')
    expect(desk.data.appState().stage).toBe('ready')
    const aside = path.join(folder, 'earlier-1')
    expect(readdirSync(aside)).toEqual(expect.arrayContaining(['desk.db', 'device.json', 'device.json.copy']))
    expect(readFileSync(path.join(aside, 'device.json'), 'utf8')).toBe('{"server_url":')
  })

  test('says so where both are lost, is enrolled anew, and works: what nobody can open is put aside', async () => {
    const { folder } = await withoutProfile()
    const desk = openDesk({ folder, fetch: line })
    desks.push(desk)
    const { stage } = desk.data.appState()

    await unlock(desk)
    await desk.signIn()
    await desk.command('payment.take', paymentOf(server.counter)(2000, []))
    await until(async () => (await desk.data.status()).waiting === 0)

    expect([stage, desk.data.appState().stage]).toEqual(['damaged', 'ready'])
    expect(readdirSync(path.join(folder, 'earlier-1'))).toContain('desk.db')
  })

  test('sends what it kept when the file comes back from a backup with what was put aside', async () => {
    const { folder, file, profile, id } = await withoutProfile()
    const between = openDesk({ folder, fetch: line })
    await unlock(between)
    await between.stop()
    const aside = path.join(folder, 'earlier-1')
    for (const name of readdirSync(aside)) renameSync(path.join(aside, name), path.join(folder, name))
    writeFileSync(file, profile)

    const desk = openDesk({ folder, fetch: line })
    desks.push(desk)
    await desk.signIn()
    await until(async () => (await desk.data.status()).waiting === 0)

    expect(await server.sql('select outcome from mutations where id = $1', [id])).toEqual([{ outcome: 'applied' }])
  })
})

test('a computer whose disk fails in the middle of its enrollment is enrolled: its code is used up', async () => {
  const desk = openDesk({ fetch: line })
  desks.push(desk)
  // The copy cannot be written, nor can the end be brought about, as on a disk that was filled just now.
  for (const name of ['device.json.copy.new', 'revoked.json']) mkdirSync(path.join(desk.folder, name))

  const state = await desk.call('device.enroll', {
    code: await server.newCode(),
    name: 'Desk',
    server_url: server.url(),
  })
  await desk.signIn()

  expect(state.stage).toBe('signed_out')
  expect(desk.data.appState().stage).toBe('ready')
})
