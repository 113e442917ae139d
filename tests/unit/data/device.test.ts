import { spawnSync } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { offlineGate } from '../../../src-main/data/device/back-off.ts'
import {
  keepTwice,
  type Profile,
  profileTrouble,
  readProfile,
  writeProfile,
} from '../../../src-main/data/device/profile.ts'
import { passwordKey, seal, unseal } from '../../../src-main/data/device/sealed.ts'

const profileModule = new URL('../../../src-main/data/device/profile.ts', import.meta.url).href
const cost = { memoryKib: 8, passes: 1 }
const salt = new Uint8Array(16).fill(1)
const secret = new Uint8Array(32).fill(2)

describe('a wrap', () => {
  test('opens with the password at the computer that it was made on, and with nothing else', async () => {
    const wrap = seal(await passwordKey('pool-side-2', salt, cost, secret), Buffer.from('data key'))

    const right = await passwordKey('pool-side-2', salt, cost, secret)
    const wrongPassword = await passwordKey('pool-side-3', salt, cost, secret)
    const otherComputer = await passwordKey('pool-side-2', salt, cost, new Uint8Array(32).fill(9))

    expect(Buffer.from(unseal(right, wrap) ?? []).toString()).toBe('data key')
    expect(unseal(wrongPassword, wrap)).toBeUndefined()
    expect(unseal(otherComputer, wrap)).toBeUndefined()
  })

  test('that was tampered with does not open (H8)', async () => {
    const key = await passwordKey('pool-side-2', salt, cost, secret)
    const bytes = Buffer.from(seal(key, Buffer.from('data key')), 'base64url')
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1

    expect(unseal(key, bytes.toString('base64url'))).toBeUndefined()
  })

  test('takes a password typed on another keyboard as the same text', async () => {
    expect(await passwordKey('caf\u00e9', salt, cost, secret)).toEqual(
      await passwordKey('cafe\u0301', salt, cost, secret),
    )
  })
})

describe('the gate for wrong passwords', () => {
  const failedAt = Date.parse('2026-11-21T05:00:00.000Z')

  test.each([
    [0, 0, { kind: 'open' }],
    [4, 0, { kind: 'open' }],
    [5, 0, { kind: 'wait', seconds: 30 }],
    [5, 31, { kind: 'open' }],
    [6, 31, { kind: 'wait', seconds: 29 }],
    [15, 0, { kind: 'wait', seconds: 3600 }],
    [20, 100_000, { kind: 'online_only' }],
  ])('after %i wrong ones and %i seconds', (failed, seconds, gate) => {
    expect(offlineGate(failed, failedAt, failedAt + seconds * 1000)).toEqual(gate)
  })

  test('is not opened by setting the clock back (T3, H8)', () => {
    expect(offlineGate(5, failedAt, failedAt - 86_400_000)).toEqual({ kind: 'wait', seconds: 30 })
  })
})

describe('the profile', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'foyer-profile-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const profile: Profile = {
    server_url: 'http://127.0.0.1:1',
    device_id: '01990000-0000-7000-8000-000000000001',
    name: 'Desk',
    facility_id: '01990000-0000-7000-8000-000000000002',
    facility_name: 'Werribee',
    audience: 'desk',
    till: { id: '01990000-0000-7000-8000-000000000003', code: 'WER2' },
    lease_key: {},
    recovery_key: {},
    private_key: 'sealed',
    recovery: null,
    known_staff: [],
  }

  const person = {
    staff_id: '01990000-0000-7000-8000-000000000004',
    sign_in_name: 'sam.lee',
    name: 'Sam Lee',
    salt: 'salt',
    cost,
    wrap: 'wrapped',
    lease: 'lease',
    lease_id: '01990000-0000-7000-8000-000000000005',
    lease_not_after: '2026-12-05T05:00:00.000Z',
    failed_attempts: 0,
    last_failed_at: null,
  }

  test('comes back as it was written, readable by its owner alone', () => {
    writeProfile(folder, profile)
    writeProfile(folder, { ...profile, name: 'Counter 2' })

    expect(readProfile(folder)).toEqual({ ...profile, name: 'Counter 2' })
    expect(readdirSync(folder)).toEqual(['device.json', 'device.json.copy'])
    expect(statSync(path.join(folder, 'device.json')).mode & 0o077).toBe(0)
  })

  test('of a newer program is read by an older one, which keeps what it does not know (D14)', () => {
    const newer = { ...profile, camera: 'front', known_staff: [{ ...person, badge: '7' }] }
    writeFileSync(path.join(folder, 'device.json'), JSON.stringify(newer))

    const read = readProfile(folder)
    if (read) writeProfile(folder, { ...read, name: 'Counter 2' })

    expect(readProfile(folder)).toEqual({ ...newer, name: 'Counter 2' })
  })

  test.each(['lost', '', '{"server_url":', 'null', '{}'])(
    'is read from its copy where it is damaged (D3): %s',
    (text) => {
      const file = path.join(folder, 'device.json')
      writeProfile(folder, profile)
      if (text === 'lost') rmSync(file)
      else writeFileSync(file, text)

      const read = readProfile(folder)
      keepTwice(folder, profile)

      expect(read).toEqual(profile)
      expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject(profile)
    },
  )

  test('has a copy again where that is damaged or old', () => {
    const copy = path.join(folder, 'device.json.copy')
    for (const text of ['{', JSON.stringify({ ...profile, name: 'Counter 1' })]) {
      writeProfile(folder, profile)
      writeFileSync(copy, text)

      keepTwice(folder, profile)

      expect(readProfile(folder)).toEqual(profile)
      expect(JSON.parse(readFileSync(copy, 'utf8'))).toMatchObject(profile)
    }
  })

  test('is read from its copy whichever bit of it turns over, and put right (D7)', () => {
    const full = { ...profile, known_staff: [person] }
    writeProfile(folder, full)
    const file = path.join(folder, 'device.json')
    const good = readFileSync(file)

    for (let at = 0; at < good.length; at += 1) {
      const bad = Buffer.from(good)
      bad[at] = (bad[at] ?? 0) ^ (1 << (at % 8))
      writeFileSync(file, bad)

      const read = readProfile(folder) ?? profile
      keepTwice(folder, read)

      expect(read, `bit ${at % 8} of byte ${at}`).toMatchObject(full)
      expect(readProfile(folder)).toMatchObject(full)
    }
  })

  test('that cannot be read is not damaged: it may be had another time (D6)', () => {
    writeProfile(folder, profile)
    for (const name of readdirSync(folder)) {
      rmSync(path.join(folder, name))
      mkdirSync(path.join(folder, name))
    }

    expect(readProfile(folder)).toBeUndefined()
    expect(profileTrouble(folder)).toBe('unreadable')
  })

  test('that is damaged with its copy is not a computer that is not enrolled (D3)', () => {
    expect(profileTrouble(folder)).toBeUndefined()

    writeProfile(folder, profile)
    expect(profileTrouble(folder)).toBeUndefined()
    for (const name of readdirSync(folder)) writeFileSync(path.join(folder, name), '{"server_url":')

    expect(readProfile(folder)).toBeUndefined()
    expect(profileTrouble(folder)).toBe('damaged')
  })

  test.skipIf(process.platform !== 'linux')(
    'that has no room for its end is left as it was, and its file is closed (D3, D4)',
    () => {
      writeProfile(folder, profile)
      const code = `
        import { readdirSync, readlinkSync } from 'node:fs'
        import { readProfile, writeProfile } from '${profileModule}'
        const [folder] = process.argv.slice(1)
        try {
          writeProfile(folder, { ...readProfile(folder), name: 'A'.repeat(5000) })
          process.stdout.write('written')
        } catch (error) {
          const links = readdirSync('/proc/self/fd').map((each) => {
            try { return readlinkSync('/proc/self/fd/' + each) } catch { return '' }
          })
          process.stdout.write(error.code + ' ' + links.filter((each) => each.startsWith(folder)).length)
        }`
      // No file may grow beyond four blocks: of a write that does, the beginning is taken.
      const limited = `trap '' XFSZ; ulimit -f 4; exec "$0" "$@"`

      const { stdout } = spawnSync(
        'sh',
        ['-c', limited, process.execPath, '--input-type=module', '-e', code, realpathSync(folder)],
        { encoding: 'utf8' },
      )

      expect(stdout).toBe('EFBIG 0')
      expect(readProfile(folder)).toEqual(profile)
    },
  )
})
