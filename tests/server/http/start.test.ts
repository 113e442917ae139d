import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createFoyerDatabase, type FoyerDatabase } from '../../support/foyer-database.ts'

let database: FoyerDatabase
let folder: string

beforeAll(async () => {
  database = await createFoyerDatabase()
  folder = await mkdtemp(join(tmpdir(), 'foyer-start-'))
})
afterAll(async () => {
  await database.drop()
  await rm(folder, { recursive: true })
})

const rightEnvironment = () => ({
  DATABASE_URL: database.serverUrl,
  FOYER_KEYS_FILE: join(folder, 'keys.json'),
  PORT: '0',
})

/** `npm run server`, as an operator would start it. */
const start = (environment: Readonly<Record<string, string>>) => {
  const child = spawn(process.execPath, ['sync-server/main.ts'], {
    cwd: join(import.meta.dirname, '../../..'),
    env: { PATH: process.env['PATH'], ...environment },
  })
  const output = { text: '' }
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output.text += text))
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const says = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const found = pattern.exec(output.text)
      if (found) return found
      const code = await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 20, 'waiting'))])
      if (code !== 'waiting') throw new Error(`ended with ${String(code)}: ${output.text}`)
    }
  }
  return { child, output, ended, says }
}

const failureOf = async (environment: Readonly<Record<string, string>>) => {
  const { output, ended } = start(environment)
  return { code: await ended, lines: output.text.trim().split('\n') }
}

describe('a server that cannot start', () => {
  test('names each variable that is wrong and ends with 78, without a stack', async () => {
    const { code, lines } = await failureOf({ PORT: 'http', LEASE_DAYS: '1000', FOYER_KEYS_FILE: 'x' })

    expect(code).toBe(78)
    expect(lines.map((line) => line.split(' ')[0])).toEqual(['DATABASE_URL', 'PORT', 'LEASE_DAYS'])
  })

  test.each([
    [
      'DATABASE_URL: PostgreSQL does not answer',
      () => ({ DATABASE_URL: 'postgres://foyer_server:x@127.0.0.1:1/foyer' }),
    ],
    [
      'DATABASE_URL: PostgreSQL does not let us in',
      () => ({ DATABASE_URL: database.serverUrl.replace('test-server', 'wrong') }),
    ],
    ['DATABASE_URL: PostgreSQL does not let us in', () => ({ DATABASE_URL: `${database.serverUrl}_not` })],
    ['FOYER_KEYS_FILE is', () => ({ FOYER_KEYS_FILE: '/' })],
    ['HOST: this computer does not have that address', () => ({ HOST: '192.0.2.1' })],
  ])('says "%s" and no stack', async (text, wrong) => {
    const { code, lines } = await failureOf({ ...rightEnvironment(), ...wrong() })

    expect(code).not.toBe(0)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(text)
  })

  test('says which port another program has', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    // A server that listens on TCP has such an address.
    const { port } = other.address() as AddressInfo

    const { code, lines } = await failureOf({ ...rightEnvironment(), PORT: String(port) })
    other.close()

    expect(code).toBe(1)
    expect(lines.at(-1)).toContain('PORT: another program listens there already')
  })

  test('names how the database differs from what it needs', async () => {
    const old = await createFoyerDatabase()
    const { sql } = await import('kysely')
    await sql`alter table tills drop column code`.execute(old.admin)

    const { code, lines } = await failureOf({ ...rightEnvironment(), DATABASE_URL: old.serverUrl })
    await old.drop()

    expect(code).toBe(1)
    expect(lines[0]).toBe('The database does not fit this version of Foyer:')
    expect(lines.join('\n')).toContain('tills.code is missing')
  })
})

describe('a server that runs', () => {
  test.each(['SIGTERM', 'SIGINT'] as const)('stops at %s with 0, closing its connections', async (signal) => {
    const { child, ended, says } = start(rightEnvironment())
    const [, url] = await says(/"url":"(http[^"]+)"/)
    const health = await fetch(`${url}/v1/health`)

    child.kill(signal)

    expect(await health.json()).toEqual({ status: 'active' })
    expect(await ended).toBe(0)
    await expect(fetch(`${url}/v1/health`)).rejects.toThrow('fetch failed')
  })
})
