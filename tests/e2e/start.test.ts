import { spawn, type ChildProcess } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { demoSignIns } from '../../build/demo/story.ts'
import { readProfile } from '../../src-main/data/device/profile.ts'

const root = join(import.meta.dirname, '../..')

interface Started {
  readonly child: ChildProcess
  /** What it has printed so far. */
  readonly output: () => string
  /** Resolves when it is ready, or has ended. */
  readonly settled: Promise<void>
  readonly exitCode: Promise<number | null>
}

const children: ChildProcess[] = []
let folder = ''

const npmStart = (...args: readonly string[]): Started => {
  const child = spawn(
    process.execPath,
    [join(root, 'build/start.ts'), '--no-open', '--shell=browser', `--data=${join(folder, 'data')}`, ...args],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, FOYER_ELECTRON: electron() } },
  )
  children.push(child)
  let output = ''
  const ready = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (text: Buffer) => {
        output += text.toString()
        if (output.includes('Ctrl-C stops everything.')) resolve()
      })
    }
  })
  const exitCode = new Promise<number | null>((resolve) => child.once('close', resolve))
  return { child, output: () => output, settled: Promise.race([ready, exitCode.then(() => undefined)]), exitCode }
}

/** A program that opens no window, and ends when it is asked to. */
const electron = (): string => {
  const file = join(folder, 'electron')
  writeFileSync(file, '#!/bin/sh\nexec sleep 600\n', { mode: 0o755 })
  return file
}

const addressOf = (output: string, name: 'Window' | 'Server'): string =>
  new RegExp(`${name} +(http://\\S+)`).exec(output)?.[1] ?? ''

/** Uses up a start URL. After a stop another program may have the port, but it does not know the token. */
const letsIn = async (window: string): Promise<boolean> =>
  fetch(window, { redirect: 'manual' }).then(
    ({ status }) => status === 303,
    () => false,
  )

const serverHasStopped = (): boolean =>
  readFileSync(join(folder, 'data/log/server.log'), 'utf8').trimEnd().endsWith('"msg":"stopped"}')

const postgresRuns = (): boolean => existsSync(join(folder, 'data/postgres/cluster/data/postmaster.pid'))

test.beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'foyer-start-'))
  // As root PostgreSQL runs as another user, who must get to its folder in here.
  chmodSync(folder, 0o755)
})

test.afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGTERM')
    await new Promise((resolve) => child.once('close', resolve))
  }
  rmSync(folder, { recursive: true, force: true })
})

test('npm start opens an enrolled desk on the demo, is not disturbed by another, and Ctrl-C stops all of it', async () => {
  const first = npmStart()
  await first.settled
  const [window, server] = [addressOf(first.output(), 'Window'), addressOf(first.output(), 'Server')]

  expect(first.output()).toContain('This computer is enrolled as a front desk.')
  for (const { sign_in_name, password } of demoSignIns) {
    expect(first.output()).toMatch(new RegExp(`${sign_in_name} +password ${password}`))
  }
  expect(await letsIn(window)).toBe(true)
  expect((await fetch(`${server}/v1/health`)).status).toBe(200)

  const beside = npmStart()
  expect(await beside.exitCode).toBe(1)
  const windowAgain = /^Foyer\nFoyer runs already on .*; its window: (http:\S+)\n$/.exec(beside.output())?.[1] ?? ''
  expect(await letsIn(windowAgain)).toBe(true)
  expect((await fetch(`${server}/v1/health`)).status).toBe(200)

  first.child.kill('SIGINT')

  expect(await first.exitCode).toBe(0)
  expect(existsSync(join(folder, 'data/desk/running.json'))).toBe(false)
  expect(serverHasStopped()).toBe(true)
  expect(postgresRuns()).toBe(false)
})

test('a second start finds the data of one that was killed, and its desk follows the server to another port', async () => {
  const first = npmStart()
  await first.settled
  first.child.kill('SIGKILL')
  await first.exitCode
  const { port } = new URL(addressOf(first.output(), 'Server'))
  await expect.poll(serverHasStopped).toBe(true)
  const squatter = createServer().listen(Number(port), '127.0.0.1')
  // Somebody else having it already is as good.
  await new Promise((resolve) => squatter.once('listening', resolve).once('error', resolve))

  const second = npmStart()
  await second.settled
  squatter.close()

  const server = addressOf(second.output(), 'Server')
  expect(second.output()).toContain('Ctrl-C stops everything.')
  expect(second.output()).not.toContain('The demo academy is there.')
  expect(second.output()).not.toContain('enrolled')
  expect(new URL(server).port).not.toBe(port)
  expect(readProfile(join(folder, 'data/desk'))?.server_url).toBe(server)
})

test('a desk in Electron follows the server to another port, too', async () => {
  test.skip(process.platform === 'win32', 'The stand-in for Electron is a shell script.')
  const desk = npmStart()
  await desk.settled
  const { port } = new URL(addressOf(desk.output(), 'Server'))
  desk.child.kill('SIGINT')
  await desk.exitCode
  const squatter = createServer().listen(Number(port), '127.0.0.1')
  await new Promise((resolve) => squatter.once('listening', resolve).once('error', resolve))

  const again = npmStart('--shell=electron')
  await again.settled
  squatter.close()

  const server = addressOf(again.output(), 'Server')
  expect(new URL(server).port).not.toBe(port)
  expect(readProfile(join(folder, 'data/desk'))?.server_url).toBe(server)
})

test('of a new desk in Electron nothing is said before it has enrolled', async () => {
  test.skip(process.platform === 'win32', 'The stand-in for Electron is a shell script.')
  const first = npmStart('--shell=electron')
  await first.settled

  expect(first.output()).toContain('Ctrl-C stops everything.')
  expect(first.output()).not.toContain('enrolled')
})

test('Ctrl-C in the middle of a start leaves nothing behind', async () => {
  const first = npmStart()
  await expect.poll(() => first.output(), { timeout: 60_000 }).toContain('A new database is created')

  first.child.kill('SIGINT')

  expect(await first.exitCode).toBe(0)
  expect(postgresRuns()).toBe(false)
})

test('what cannot work is named in one line', async () => {
  const starts = [npmStart('--shell=firefox'), npmStart('--port=1'), npmStart('--offline', '--nonsense')]

  const codes = await Promise.all(starts.map(({ exitCode }) => exitCode))

  expect(codes).toEqual([1, 1, 1])
  expect(starts.map(({ output }) => output().trimEnd())).toEqual([
    '--shell takes browser or electron, not "firefox".',
    "Unknown option '--port'. See: npm start -- --help",
    "Unknown option '--nonsense'. See: npm start -- --help",
  ])
})
