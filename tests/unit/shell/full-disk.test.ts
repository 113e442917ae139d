import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { borrowedPlaces } from '../../../src-main/data/borrowed-places.ts'
import { openLog } from '../../../src-main/log.ts'
import { writeRunning } from '../../../src-main/shell/running-file.ts'
import { temporaryFolder } from '../../support/shell-folders.ts'

test.skipIf(!existsSync('/dev/full'))('a line that the disk does not take is no reason to end (D4)', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'log'))
  // What is written there fails as on a full disk.
  symlinkSync('/dev/full', join(folder, 'log/shell.log'))
  const log = openLog(folder)

  for (const write of [log.info, log.warn, log.error]) expect(() => write('a line')).not.toThrow()
  await setImmediate()
})

test('a program that cannot tell others where it is runs all the same, and leaves nothing half (D4)', () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'running.json'))

  writeRunning(folder, { pid: 1, port: 2, start_key: 'key' })

  expect(readdirSync(folder)).toEqual(['running.json'])
})

test('a copy that there is no room for is not left half (D6)', () => {
  const folder = temporaryFolder()
  const there = (): readonly string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('foyer-read-only-'))
  const before = there()
  writeFileSync(join(folder, 'desk.db'), 'x')
  // A folder of that name cannot be copied as a file.
  mkdirSync(join(folder, 'replica-1.db'))

  expect(borrowedPlaces().borrow(folder)).toBeUndefined()
  expect(there()).toEqual(before)
  expect(readFileSync(join(folder, 'desk.db'), 'utf8')).toBe('x')
})
