import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { expect, onTestFinished } from 'vitest'
import { findBinaries } from '../../sync-server/db/embedded-binaries.ts'
import {
  startEmbeddedPostgres,
  type EmbeddedPostgres,
  type EmbeddedPostgresOptions,
} from '../../sync-server/db/embedded.ts'

export const keeper = `select pid as answer from pg_stat_activity where application_name = 'foyer keeper'`

export const start = async (options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> => {
  const postgres = await startEmbeddedPostgres({ fast: true, ...options })
  onTestFinished(() => postgres.stop())
  return postgres
}

/** A folder that the PostgreSQL user can enter. */
export const temporaryFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'foyer-embedded-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await chmod(folder, 0o755)
  return folder
}

export const copyOfBinaries = async (parent: string) => {
  const installed = await findBinaries()
  const folder = join(parent, 'native')
  await mkdir(folder)
  await cp(installed.folder, folder, { recursive: true, verbatimSymlinks: true })
  return { ...installed, folder }
}

export const ask = async (url: string, sql: string): Promise<unknown> => {
  const client = new Client(url)
  await client.connect()
  try {
    const { rows } = await client.query<{ answer: unknown }>(sql)
    return rows[0]?.answer
  } finally {
    await client.end()
  }
}

export const setting = (url: string, name: string): Promise<unknown> =>
  ask(url, `select current_setting('${name}') as answer`)

export const serverPid = async (dataFolder: string): Promise<number | undefined> => {
  const pidFile = join(dataFolder, 'cluster', 'data', 'postmaster.pid')
  const text = await readFile(pidFile, 'utf8').catch(() => '')
  return text ? Number.parseInt(text, 10) : undefined
}

export const killServer = async (dataFolder: string): Promise<void> => {
  const pid = (await serverPid(dataFolder)) ?? 0
  process.kill(pid, 'SIGKILL')
  await until(async () => (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')) === '')
}

export const crashOneSession = async (url: string): Promise<void> => {
  const victim = new Client(url)
  victim.on('error', () => undefined)
  await victim.connect()
  const { rows } = await victim.query<{ pid: number }>('select pg_backend_pid() as pid')
  process.kill(rows[0]?.pid ?? 0, 'SIGKILL')
  await new Promise((resolve) => victim.once('end', resolve))
}

export const startProgram = (dataFolder: string): string => `
  const { startEmbeddedPostgres } = await import('./sync-server/db/embedded.ts')
  const postgres = await startEmbeddedPostgres({ dataFolder: ${JSON.stringify(dataFolder)}, fast: true })
  console.log('started')
`

/** Another program, in a process group of its own like one that a terminal started. */
export const runProgram = (code: string): ChildProcess => {
  const program = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  })
  onTestFinished(() => kill(program, 'SIGKILL'))
  return program
}

export const outputOf = async (program: ChildProcess, word: string): Promise<void> => {
  let output = ''
  program.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  await until(() => output.includes(word))
}

export const kill = async (program: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  if (program.exitCode !== null || program.signalCode !== null) return
  program.kill(signal)
  await once(program, 'exit')
}

export const until = async (isTrue: () => boolean | Promise<boolean>): Promise<void> => {
  await expect.poll(isTrue, { timeout: 30_000, interval: 20 }).toBe(true)
}
