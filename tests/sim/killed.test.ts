import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
let folder = ''
let file = ''

const start = (): ChildProcess =>
  spawn(
    process.execPath,
    ['build/sim.ts', '--seeds', '3', '--workers', '1', '--operations', '5', '--record', file, '--mixed'],
    { cwd: root, env: { ...process.env, TMPDIR: folder }, stdio: ['ignore', 'pipe', 'inherit'] },
  )

const linesIn = (): readonly string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
const hasPostgres = (): boolean => readdirSync(folder).some((name) => name.startsWith('foyer-sim-postgres-'))

const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await delay(50)
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foyer-killed-'))
  // For root, PostgreSQL runs as another user.
  chmodSync(folder, 0o755)
  file = join(folder, 'record')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('a run that is killed leaves no PostgreSQL, and goes on where it was', async () => {
  const killed = start()
  await until(() => linesIn().length > 0)
  expect(hasPostgres()).toBe(true)
  killed.kill('SIGKILL')
  await until(() => !hasPostgres())

  const again = start()
  let text = ''
  again.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await once(again, 'close')

  expect(again.exitCode).toBe(0)
  expect(text).toContain(`of them are in ${file} already.`)
  expect(text).toContain('\n3 seeds, ')
  expect(new Set(linesIn().map((line) => (JSON.parse(line) as { seed: number }).seed)).size).toBe(3)
  expect(hasPostgres()).toBe(false)
})
