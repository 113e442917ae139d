import { spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect, onTestFinished, test } from 'vitest'
import { takeLock } from '../../../src-main/exclusive-lock.ts'
import { temporaryFolder } from '../../support/shell-folders.ts'

const holdElsewhere = async (file: string): Promise<{ readonly kill: () => void }> => {
  const source = `
    const { takeLock } = await import(${JSON.stringify(join(import.meta.dirname, '../../../src-main/exclusive-lock.ts'))})
    globalThis.lock = takeLock(${JSON.stringify(file)}, 0)
    console.log('held')
    setInterval(() => globalThis.gc?.(), 10)
  `
  const child = spawn(process.execPath, ['--input-type=module', '--expose-gc', '-e', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  await new Promise((resolve) => child.stdout.once('data', resolve))
  return { kill: () => void child.kill('SIGKILL') }
}

test('only one program has the lock, and the file is private', async () => {
  const file = join(temporaryFolder(), 'lock')
  await holdElsewhere(file)

  expect(takeLock(file, 0)).toBeUndefined()
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('who waits gets the lock when its holder is killed', async () => {
  const file = join(temporaryFolder(), 'lock')
  const holder = await holdElsewhere(file)

  holder.kill()

  const lock = takeLock(file, 10_000)
  expect(lock).toBeDefined()
  lock?.release()
})

test('a released lock can be taken again', () => {
  const file = join(temporaryFolder(), 'lock')
  takeLock(file, 0)?.release()

  const lock = takeLock(file, 0)

  expect(lock).toBeDefined()
  lock?.release()
})

test('one that only looks whether the lock is free does not keep it from another', () => {
  const file = join(temporaryFolder(), 'lock')
  const looking = new Database(file)
  onTestFinished(() => void looking.close())
  looking.exec('begin')
  looking.prepare('select * from sqlite_master').all()

  const lock = takeLock(file, 0)

  expect(lock).toBeDefined()
  lock?.release()
})
