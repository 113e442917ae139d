import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { appendFile, chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { describe, expect, onTestFinished, test } from 'vitest'
import { findBinaries, prepareBinaries } from '../../sync-server/db/embedded-binaries.ts'
import { choosePlace, rootFolder } from '../../sync-server/db/embedded-place.ts'
import { findOrCreateUser, isRoot, run } from '../../sync-server/db/embedded-user.ts'
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from '../../sync-server/db/embedded.ts'
import { freePort } from '../../sync-server/db/free-port.ts'

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

describe('several programs', () => {
  test('that start at once on a new folder share one server, which the last one stops', async () => {
    const dataFolder = await temporaryFolder()

    const [first, second, third] = await Promise.all([
      start({ dataFolder }),
      start({ dataFolder }),
      start({ dataFolder }),
    ])

    expect(second.url).toBe(first.url)
    expect(third.url).toBe(first.url)
    expect((await readdir(dataFolder)).filter((name) => name.startsWith('cluster'))).toEqual(['cluster'])
    await first.stop()
    await second.stop()
    expect(await ask(third.url, 'select 1 as answer')).toBe(1)
    await third.stop()
    await expect(ask(third.url, 'select 1 as answer')).rejects.toThrow('ECONNREFUSED')
  })

  test('that stop at once leave no server behind', async () => {
    const dataFolder = await temporaryFolder()
    const running = [await start({ dataFolder }), await start({ dataFolder }), await start({ dataFolder })]

    await Promise.all(running.map(({ stop }) => stop()))

    expect(await serverPid(dataFolder)).toBeUndefined()
  })

  test('may start while another one stops', async () => {
    const dataFolder = await temporaryFolder()
    let current = await start({ dataFolder })

    for (let round = 0; round < 5; round += 1) {
      const [next] = await Promise.all([start({ dataFolder }), current.stop()])
      expect(await ask(next.url, 'select 1 as answer')).toBe(1)
      current = next
    }
  })

  test('keep their share when a crashed session makes the server drop all connections', async () => {
    const dataFolder = await temporaryFolder()
    const first = await start({ dataFolder })
    const before = await ask(first.url, keeper)
    await crashOneSession(first.url)
    await until(async () => ![before, undefined].includes(await ask(first.url, keeper).catch(() => undefined)))

    const second = await start({ dataFolder })
    await second.stop()

    expect(await ask(first.url, 'select 1 as answer')).toBe(1)
  })

  test('a server whose program was killed -9 is taken over by the next one', async () => {
    const dataFolder = await temporaryFolder()
    const program = runProgram(startProgram(dataFolder))
    await outputOf(program, 'started')
    const pid = await serverPid(dataFolder)
    await kill(program, 'SIGKILL')

    const { url, stop } = await start({ dataFolder })

    expect(await ask(url, 'select 1 as answer')).toBe(1)
    expect(await serverPid(dataFolder)).toBe(pid)
    await stop()
    expect(await serverPid(dataFolder)).toBeUndefined()
  })
})

describe('stopping', () => {
  test('twice is the same as once', async () => {
    const dataFolder = await temporaryFolder()
    const { stop } = await start({ dataFolder })

    await Promise.all([stop(), stop()])
    await stop()

    expect(await serverPid(dataFolder)).toBeUndefined()
  })

  test('on Ctrl-C is ours: the terminal does not reach the server before us', async () => {
    const dataFolder = await temporaryFolder()
    const program = runProgram(`
      ${startProgram(dataFolder)}
      const { Client } = await import('pg')
      process.once('SIGINT', async () => {
        await new Promise((resolve) => setTimeout(resolve, 300))
        const client = new Client(postgres.url)
        await client.connect()
        await client.query('select 1')
        await client.end()
        await postgres.stop()
        console.log('stopped')
      })
    `)
    await outputOf(program, 'started')

    process.kill(-(program.pid ?? 0), 'SIGINT')
    await once(program, 'exit')

    expect(program.exitCode).toBe(0)
    expect(await serverPid(dataFolder)).toBeUndefined()
  })
})

describe('the binaries', () => {
  test('are mended where npm ran no install scripts', async () => {
    const binaries = await copyOfBinaries(await temporaryFolder())
    const { user } = await choosePlace(await temporaryFolder(), () => undefined)
    const libraries = join(binaries.folder, 'lib')
    for (const entry of await readdir(libraries, { withFileTypes: true })) {
      if (entry.isSymbolicLink()) await rm(join(libraries, entry.name))
    }
    await chmod(join(binaries.folder, 'bin', 'postgres'), 0o644)

    const prepared = await prepareBinaries(binaries, await temporaryFolder(), user)

    expect(prepared.folder).toBe(binaries.folder)
    expect((await run(user, join(prepared.folder, 'bin', 'postgres'), ['--version'])).output).toContain('18')
  })

  test('that do not run at all give a clear error', async () => {
    const binaries = await copyOfBinaries(await temporaryFolder())
    await writeFile(join(binaries.folder, 'bin', 'postgres'), 'not a program')

    await expect(prepareBinaries(binaries, await temporaryFolder(), undefined)).rejects.toThrow(
      /^The embedded PostgreSQL does not run on this computer: set DATABASE_URL/,
    )
  })
})

describe.runIf(isRoot())('as root', () => {
  test('the server and its data belong to another user', async () => {
    const dataFolder = await temporaryFolder()
    await start({ dataFolder })

    const { uid } = await stat(`/proc/${await serverPid(dataFolder)}`)

    expect(uid).not.toBe(0)
    expect((await stat(join(dataFolder, 'cluster', 'data'))).uid).toBe(uid)
  })

  test('a folder that this user cannot enter is replaced by one that it can, and stays so', async () => {
    const closed = await temporaryFolder()
    await chmod(closed, 0o700)
    const dataFolder = join(closed, 'data')
    const lines: string[] = []
    const first = await start({ dataFolder, log: (line) => lines.push(line) })
    await ask(first.url, 'create table kept as select 42 as answer')
    const used = await ask(first.url, `select current_setting('data_directory') as answer`)
    const fallback = join(String(used), '..', '..')
    onTestFinished(() => rm(fallback, { recursive: true }))
    await first.stop()
    await chmod(closed, 0o755)

    const second = await start({ dataFolder })

    expect(fallback.startsWith(`${rootFolder}/`)).toBe(true)
    expect(lines).toContain(`The PostgreSQL user cannot enter ${dataFolder}, so the database is kept in ${fallback}.`)
    expect(await ask(second.url, 'select answer from kept')).toBe(42)
    await second.stop()
  })

  test('data that their user can no longer enter are not replaced by an empty database', async () => {
    const dataFolder = await temporaryFolder()
    await (await start({ dataFolder })).stop()
    await chmod(dataFolder, 0o700)

    await expect(start({ dataFolder })).rejects.toThrow(/can no longer enter that folder: allow it \(chmod o\+x/)
  })

  test('binaries that this user cannot reach are copied once', async () => {
    const closed = await temporaryFolder()
    const binaries = await copyOfBinaries(closed)
    await chmod(closed, 0o700)
    const copies = await temporaryFolder()
    const user = await findOrCreateUser('postgres')

    const first = await prepareBinaries(binaries, copies, user)
    const { birthtimeMs } = await stat(first.folder)
    const [second, third] = await Promise.all([
      prepareBinaries(binaries, copies, user),
      prepareBinaries(binaries, copies, user),
    ])

    expect(first.folder).toBe(join(copies, `postgres-${binaries.version}`))
    expect([second, third]).toEqual([first, first])
    expect((await stat(first.folder)).birthtimeMs).toBe(birthtimeMs)
  })

  test('a missing system user is created, once, without a login', async () => {
    const name = `foyer-test-${process.pid}`
    onTestFinished(async () => {
      await run(undefined, 'userdel', [name])
    })

    const created = await findOrCreateUser(name)
    const found = await findOrCreateUser(name)

    expect(created.uid).toBeGreaterThan(0)
    expect(found).toEqual(created)
    expect(await readFile('/etc/passwd', 'utf8')).toMatch(new RegExp(`^${name}:.*:/usr/sbin/nologin$`, 'm'))
  })
})

const keeper = `select pid as answer from pg_stat_activity where application_name = 'foyer keeper'`

const start = async (options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> => {
  const postgres = await startEmbeddedPostgres({ fast: true, ...options })
  onTestFinished(() => postgres.stop())
  return postgres
}

/** A folder that the PostgreSQL user can enter. */
const temporaryFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'foyer-embedded-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await chmod(folder, 0o755)
  return folder
}

const copyOfBinaries = async (parent: string) => {
  const installed = await findBinaries()
  const folder = join(parent, 'native')
  await mkdir(folder)
  await cp(installed.folder, folder, { recursive: true, verbatimSymlinks: true })
  return { ...installed, folder }
}

const ask = async (url: string, sql: string): Promise<unknown> => {
  const client = new Client(url)
  await client.connect()
  try {
    const { rows } = await client.query<{ answer: unknown }>(sql)
    return rows[0]?.answer
  } finally {
    await client.end()
  }
}

const setting = (url: string, name: string): Promise<unknown> => ask(url, `select current_setting('${name}') as answer`)

const serverPid = async (dataFolder: string): Promise<number | undefined> => {
  const pidFile = join(dataFolder, 'cluster', 'data', 'postmaster.pid')
  const text = await readFile(pidFile, 'utf8').catch(() => '')
  return text ? Number.parseInt(text, 10) : undefined
}

const killServer = async (dataFolder: string): Promise<void> => {
  const pid = (await serverPid(dataFolder)) ?? 0
  process.kill(pid, 'SIGKILL')
  await until(async () => (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')) === '')
}

const crashOneSession = async (url: string): Promise<void> => {
  const victim = new Client(url)
  victim.on('error', () => undefined)
  await victim.connect()
  const { rows } = await victim.query<{ pid: number }>('select pg_backend_pid() as pid')
  process.kill(rows[0]?.pid ?? 0, 'SIGKILL')
  await new Promise((resolve) => victim.once('end', resolve))
}

const startProgram = (dataFolder: string): string => `
  const { startEmbeddedPostgres } = await import('./sync-server/db/embedded.ts')
  const postgres = await startEmbeddedPostgres({ dataFolder: ${JSON.stringify(dataFolder)}, fast: true })
  console.log('started')
`

/** Another program, in a process group of its own like one that a terminal started. */
const runProgram = (code: string): ChildProcess => {
  const program = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  onTestFinished(() => kill(program, 'SIGKILL'))
  return program
}

const outputOf = async (program: ChildProcess, word: string): Promise<void> => {
  let output = ''
  program.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await until(() => output.includes(word))
}

const kill = async (program: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  if (program.exitCode !== null || program.signalCode !== null) return
  program.kill(signal)
  await once(program, 'exit')
}

const until = async (isTrue: () => boolean | Promise<boolean>): Promise<void> => {
  await expect.poll(isTrue, { timeout: 30_000, interval: 20 }).toBe(true)
}
