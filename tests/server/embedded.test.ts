import { spawn } from 'node:child_process'
import { appendFile, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { freePort } from '../../sync-server/db/free-port.ts'
import {
  ask,
  kill,
  killServer,
  runProgram,
  setting,
  start,
  startProgram,
  temporaryFolder,
  until,
} from '../support/embedded-server.ts'

describe('the first start', () => {
  test('creates a cluster for one machine, as the settings promise', async () => {
    const dataFolder = await temporaryFolder()

    const { url } = await start({ dataFolder, fast: false })

    expect(new URL(url).hostname).toBe('127.0.0.1')
    expect(
      await Promise.all(
        ['server_version', 'server_encoding', 'listen_addresses', 'unix_socket_directories', 'timezone'].map((name) =>
          setting(url, name),
        ),
      ),
    ).toEqual([expect.stringMatching(/^18\./), 'UTF8', '127.0.0.1', '', 'UTC'])
    expect(
      await Promise.all(
        ['fsync', 'synchronous_commit', 'full_page_writes', 'data_checksums'].map((name) => setting(url, name)),
      ),
    ).toEqual(['on', 'on', 'on', 'on'])
    expect(await ask(url, `select lower('ÉÄ') as answer`)).toBe('éä')
  })

  test('protects the database with a password that only its owner can read', async () => {
    const dataFolder = await temporaryFolder()
    const { url } = await start({ dataFolder })
    const wrong = new URL(url)
    wrong.password = 'wrong'

    const { mode } = await stat(join(dataFolder, 'cluster', 'password'))

    expect(mode & 0o777).toBe(0o600)
    expect(await readFile(join(dataFolder, 'cluster', 'password'), 'utf8')).toBe(new URL(url).password)
    await expect(ask(wrong.href, 'select 1 as answer')).rejects.toMatchObject({ code: '28P01' })
    expect(await ask(url, `select left(rolpassword, 13) as answer from pg_authid where rolname = 'postgres'`)).toBe(
      'SCRAM-SHA-256',
    )
  })

  test('that was cut off leaves nothing that a later start would take for a cluster', async () => {
    const dataFolder = await temporaryFolder()
    const program = runProgram(startProgram(dataFolder))
    await until(async () => (await readdir(dataFolder)).length > 0)
    await kill(program, 'SIGKILL')

    const { url } = await start({ dataFolder })

    expect(await ask(url, 'select 1 as answer')).toBe(1)
  })
})

describe('a later start', () => {
  test('finds the data, with the same password', async () => {
    const dataFolder = await temporaryFolder()
    const first = await start({ dataFolder })
    await ask(first.url, 'create table kept as select 42 as answer')
    await first.stop()

    const second = await start({ dataFolder })

    expect(await ask(second.url, 'select answer from kept')).toBe(42)
    expect(new URL(second.url).password).toBe(new URL(first.url).password)
  })

  test('refuses data of another version of PostgreSQL, naming both', async () => {
    const dataFolder = await temporaryFolder()
    await (await start({ dataFolder })).stop()
    await writeFile(join(dataFolder, 'cluster', 'data', 'PG_VERSION'), '15\n')

    await expect(start({ dataFolder })).rejects.toThrow(/is of PostgreSQL 15 and this Foyer brings PostgreSQL 18: /)
  })

  test('that fails tells the last lines of the log', async () => {
    const dataFolder = await temporaryFolder()
    await (await start({ dataFolder })).stop()
    await appendFile(join(dataFolder, 'cluster', 'data', 'postgresql.conf'), '\nno_such_setting = on\n')

    await expect(start({ dataFolder })).rejects.toThrow(/^PostgreSQL does not start: .*\n[^]*"no_such_setting"/)
  })

  test('says so when the password file is lost', async () => {
    const dataFolder = await temporaryFolder()
    await (await start({ dataFolder })).stop()
    await rm(join(dataFolder, 'cluster', 'password'))

    await expect(start({ dataFolder })).rejects.toThrow(/password \(the password of the database\) cannot be read: /)
  })
})

test('a data folder that is a file is refused in one sentence', async () => {
  const file = join(await temporaryFolder(), 'file')
  await writeFile(file, '')

  await expect(start({ dataFolder: join(file, 'data') })).rejects.toThrow(
    `The data folder cannot be created, choose another one: ${file} is not a folder.`,
  )
})

describe('the port', () => {
  test('is the wanted one when it is free', async () => {
    const port = await freePort()

    const { url } = await start({ dataFolder: await temporaryFolder(), port })

    expect(new URL(url).port).toBe(String(port))
  })

  test('is another one when it is taken, and the log says which', async () => {
    const taken = await freePort()
    const blocker = createServer().listen(taken, '127.0.0.1')
    onTestFinished(() => void blocker.close())
    const lines: string[] = []

    const { url } = await start({ dataFolder: await temporaryFolder(), port: taken, log: (line) => lines.push(line) })

    const { port } = new URL(url)
    expect(port).not.toBe(String(taken))
    expect(lines).toContain(`Port ${taken} is taken, so PostgreSQL uses port ${port}.`)
  })
})

describe('after a kill -9 of the server', () => {
  test('the next start recovers the data', async () => {
    const dataFolder = await temporaryFolder()
    const first = await start({ dataFolder, fast: false })
    await ask(first.url, 'create table kept as select 42 as answer')
    await killServer(dataFolder)

    const second = await start({ dataFolder })

    expect(await ask(second.url, 'select answer from kept')).toBe(42)
  })

  test('a program that got its process id meanwhile neither stops the start nor is harmed', async () => {
    const dataFolder = await temporaryFolder()
    await start({ dataFolder })
    await killServer(dataFolder)
    const { uid, gid } = await stat(join(dataFolder, 'cluster'))
    const innocent = spawn('sleep', ['60'], { uid, gid, cwd: '/' })
    onTestFinished(() => kill(innocent, 'SIGKILL'))
    const pidFile = join(dataFolder, 'cluster', 'data', 'postmaster.pid')
    const [, ...rest] = (await readFile(pidFile, 'utf8')).split('\n')
    await writeFile(pidFile, [innocent.pid, ...rest].join('\n'))

    const second = await start({ dataFolder })
    await second.stop()

    expect(await ask((await start({ dataFolder })).url, 'select 1 as answer')).toBe(1)
    expect(innocent.exitCode ?? innocent.signalCode).toBeNull()
  })

  test('in the instant of creating its pid file, the next start is not kept from starting', async () => {
    const dataFolder = await temporaryFolder()
    await (await start({ dataFolder })).stop()
    const pidFile = join(dataFolder, 'cluster', 'data', 'postmaster.pid')
    await writeFile(pidFile, '')
    await utimes(pidFile, 1, 1)

    const { url } = await start({ dataFolder })

    expect(await ask(url, 'select 1 as answer')).toBe(1)
  })

  test('the log tells that the server is gone', async () => {
    const dataFolder = await temporaryFolder()
    const lines: string[] = []
    await start({ dataFolder, log: (line) => lines.push(line) })

    await killServer(dataFolder)

    await until(() => lines.includes('PostgreSQL has ended by itself: start Foyer again.'))
    expect(lines.at(-1)).toBe('PostgreSQL has ended by itself: start Foyer again.')
  })
})
