import type * as Fs from 'node:fs'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openDevice } from '../../../src-main/data/device/device.ts'
import { type Profile, writeProfile } from '../../../src-main/data/device/profile.ts'
import { destroyRevoked, markRevoked, readRevoked } from '../../../src-main/data/device/revoked.ts'
import { deviceSealKey, seal } from '../../../src-main/data/device/sealed.ts'
import { systemEnvironment } from '../../../src-main/data/environment.ts'
import { removeFolder, temporaryFolder } from '../../support/store.ts'

/** What the disk refuses. */
const disk = vi.hoisted(() => ({ fsyncOfFolders: false, write: false, removalOf: '', removed: [] as string[] }))
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof Fs>()
  const fail = (): never => {
    throw Object.assign(new Error('EIO'), { code: 'EIO' })
  }
  return {
    ...fs,
    fsyncSync: (handle: number) => {
      if (disk.fsyncOfFolders && fs.fstatSync(handle).isDirectory()) fail()
      fs.fsyncSync(handle)
    },
    renameSync: (from: string, to: string) => (disk.write ? fail() : fs.renameSync(from, to)),
    rmSync: (file: string, options: object) => {
      if (disk.removalOf !== '' && file.endsWith(disk.removalOf)) fail()
      disk.removed.push(path.basename(file))
      fs.rmSync(file, options)
    },
  }
})

const at = '2026-11-27T05:00:00.000Z'
const profile: Profile = {
  server_url: 'https://foyer.example.com',
  device_id: '01990000-0000-7000-8000-000000000001',
  name: 'Front desk 1',
  facility_id: '01990000-0000-7000-8000-000000000002',
  facility_name: 'Werribee',
  audience: 'desk',
  till: { id: '01990000-0000-7000-8000-000000000003', code: 'WER1' },
  lease_key: {},
  recovery_key: {},
  private_key: 'sealed',
  recovery: null,
  known_staff: [],
}
const others = ['data-lock', 'desktop.ini', 'device-secret', 'reserve']
const databases = ['desk.db', 'desk.db-wal', 'desk-damaged-1.db', 'desk-rescued.db', 'replica-1.db', 'replica-2.db-shm']

let folder: string
beforeEach(() => {
  Object.assign(disk, { fsyncOfFolders: false, write: false, removalOf: '', removed: [] })
  folder = temporaryFolder()
  writeProfile(folder, profile)
  for (const name of [...others, ...databases, 'device.json.new']) writeFileSync(path.join(folder, name), 'x')
})
afterEach(() => removeFolder(folder))

const files = (): readonly string[] => readdirSync(folder).toSorted()

describe('a computer that was revoked (U7)', () => {
  test('loses its keys first, then what they open, and nothing else', () => {
    markRevoked({ folder }, profile, at)

    destroyRevoked(folder)

    expect(files()).toEqual([...others, 'revoked.json'].toSorted())
    expect(disk.removed.slice(0, 3).toSorted()).toEqual(['device.json', 'device.json.copy', 'device.json.new'])
    expect(readRevoked(folder)).toMatchObject({ name: 'Front desk 1', facility_name: 'Werribee', at })
  })

  test('loses what an earlier enrollment has left, too', () => {
    mkdirSync(path.join(folder, 'earlier-1'))
    for (const name of ['device.json', 'desk.db']) writeFileSync(path.join(folder, 'earlier-1', name), 'x')
    markRevoked({ folder }, profile, at)

    destroyRevoked(folder)

    expect(files()).toEqual([...others, 'revoked.json'].toSorted())
  })

  test('is not made an enrolled one again of the one file that could not be removed', () => {
    const deviceSecret = new Uint8Array(32).fill(2)
    const opening = { ...profile, private_key: seal(deviceSealKey(deviceSecret), Buffer.from('{}')) }
    const open = () =>
      openDevice({
        folder,
        deviceSecret,
        environment: systemEnvironment,
        onContact: () => undefined,
        onFault: (error) => expect.fail(String(error)),
      })
    writeProfile(folder, opening)
    const before = open()
    markRevoked({ folder }, opening, at)
    disk.removalOf = 'device.json.copy'
    expect(() => destroyRevoked(folder)).toThrow('cannot be removed')

    const after = open()

    expect([before !== undefined, after]).toEqual([true, undefined])
    expect(files()).not.toContain('device.json')
  })

  test('is decided on a full disk by the room that was kept for work', () => {
    disk.write = true
    const release = vi.fn<() => boolean>(() => {
      disk.write = false
      return true
    })

    markRevoked({ folder, reserve: { release } }, profile, at)

    expect(readRevoked(folder)?.device_id).toBe(profile.device_id)
  })

  test('keeps all where nothing was decided', () => {
    destroyRevoked(folder)

    expect(files()).toEqual(expect.arrayContaining(['device.json', ...databases]))
  })

  test('is decided where the disk says that it failed and has it all the same', () => {
    disk.fsyncOfFolders = true

    markRevoked({ folder }, profile, at)

    expect(readRevoked(folder)?.device_id).toBe(profile.device_id)
  })

  test('is not decided where the disk has nothing of it', () => {
    disk.write = true

    expect(() => markRevoked({ folder }, profile, at)).toThrow('EIO')
    expect(readRevoked(folder)).toBeUndefined()
  })

  test('loses the rest where one file cannot be removed, and says so', () => {
    markRevoked({ folder }, profile, at)
    disk.removalOf = 'desk.db'

    expect(() => destroyRevoked(folder)).toThrow('cannot be removed')

    expect(files()).toEqual([...others, 'desk.db', 'revoked.json'].toSorted())
  })

  test('destroys no other enrollment, beside which a backup has brought the note back', () => {
    markRevoked({ folder }, profile, at)
    writeProfile(folder, { ...profile, device_id: '01990000-0000-7000-8000-000000000009' })

    destroyRevoked(folder)

    expect(files()).toEqual(expect.arrayContaining(['device.json', ...databases]))
  })

  test.each(['', '{', '{"name": 1}', 'null'])('is not where the note cannot be read: %j', (text) => {
    writeFileSync(path.join(folder, 'revoked.json'), text)

    destroyRevoked(folder)

    expect(readRevoked(folder)).toBeUndefined()
    expect(files()).toEqual(expect.arrayContaining(['device.json', ...databases]))
  })
})
