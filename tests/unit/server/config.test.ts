import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { ConfigError, type Environment, readConfig } from '../../../sync-server/config.ts'

const right: Environment = {
  DATABASE_URL: 'postgres://foyer_server:secret@localhost:5432/foyer',
  FOYER_KEYS_FILE: '/var/lib/foyer/keys.json',
}

const mistakesOf = (environment: Environment): readonly string[] => {
  try {
    readConfig(environment)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.lines
    throw error
  }
}

describe('the configuration', () => {
  test('has sensible values for all that may be left out', () => {
    expect(readConfig(right)).toMatchObject({
      host: '127.0.0.1',
      port: 8787,
      logLevel: 'info',
      leaseDays: 14,
      pollSeconds: 20,
      compactMinutes: 60,
      trustProxy: false,
      electricUrl: undefined,
      keys: { kind: 'file', file: '/var/lib/foyer/keys.json' },
    })
  })

  test('is in the README with every variable', () => {
    const source = readFileSync('sync-server/config.ts', 'utf8')
    const names = [...source.matchAll(/^ {2}([A-Z_]+): (setting\(|privateKey)/gm)].map(([, name]) => name ?? '')
    const readme = readFileSync('README.md', 'utf8')

    expect(names).toEqual(expect.arrayContaining(['DATABASE_URL', 'FOYER_TOKEN_KEY', 'SNAPSHOT_FOLDER']))
    expect(names.filter((name) => !new RegExp(`^\\|.*\`${name}\`.*\\|.*\\|`, 'm').test(readme))).toEqual([])
  })

  test.each<[string, boolean | string]>([
    ['true', true],
    ['false', false],
    ['10.0.0.0/8, ::1', '10.0.0.0/8, ::1'],
  ])('believes the proxies that TRUST_PROXY=%s names', (text, expected) => {
    expect(readConfig({ ...right, TRUST_PROXY: text }).trustProxy).toBe(expected)
  })

  test('takes an empty variable for one that is not set', () => {
    expect(readConfig({ ...right, PORT: '', ELECTRIC_URL: '' })).toMatchObject({ port: 8787, electricUrl: undefined })
  })

  test.each<[string, string]>([
    ['PORT', '80000'],
    ['PORT', '-1'],
    ['PORT', '8787x'],
    ['PORT', ' '],
    ['HOST', 'not a host'],
    ['LOG_LEVEL', 'loud'],
    ['LEASE_DAYS', '0'],
    ['LEASE_DAYS', '1.5'],
    ['LEASE_DAYS', '365'],
    ['COMPACT_MINUTES', '1441'],
    ['POLL_SECONDS', '60'],
    ['TRUST_PROXY', 'yes'],
    ['TRUST_PROXY', '1'],
    ['TRUST_PROXY', '1.2.3.4.5'],
    ['TRUST_PROXY', '10.0.0.0/33'],
    ['TRUST_PROXY', '10.0.0.0/8,nobody'],
    ['ELECTRIC_URL', 'electric:3000'],
    ['ELECTRIC_URL', 'file:///etc/passwd'],
    ['DEVICE_REQUESTS', '0'],
    ['ADDRESS_REQUESTS', 'many'],
    ['DATABASE_CONNECTIONS', '1'],
    ['MOST_CONNECTIONS', '0'],
    ['ADDRESS_CONNECTIONS', '-1'],
  ])('names %s when it is %o, what it got and what it expects, in one line', (name, value) => {
    const lines = mistakesOf({ ...right, [name]: value })

    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain(`${name} is ${JSON.stringify(value)}, but expects `)
    expect(lines[0]).not.toContain('\n')
  })

  test.each<[string, string]>([
    ['DATABASE_URL', 'mysql://root:hunter2@localhost'],
    ['DATABASE_URL', 'hunter2'],
    ['FOYER_LEASE_KEY', '{"d":"hunter2"}'],
    ['FOYER_TOKEN_KEY', 'hunter2'],
  ])('does not print what %s holds, even when it is wrong', (name, value) => {
    const lines = mistakesOf({ ...right, [name]: value })

    expect(lines.some((line) => line.startsWith(`${name} is set`))).toBe(true)
    expect(lines.join()).not.toContain('hunter2')
  })

  test('tells all mistakes at once', () => {
    const lines = mistakesOf({ PORT: 'x', LEASE_DAYS: 'y' })

    expect(lines.map((line) => line.split(' ')[0])).toEqual(
      ['DATABASE_URL', 'PORT', 'LEASE_DAYS', 'FOYER_KEYS_FILE'].toSorted(byGiven(lines)),
    )
  })

  test('wants all three keys or a file', () => {
    const key = '{"kty":"OKP","crv":"Ed25519","x":"a","d":"b"}'
    const { DATABASE_URL } = right

    expect(mistakesOf({ DATABASE_URL, FOYER_TOKEN_KEY: key, FOYER_LEASE_KEY: key })[0]).toContain('FOYER_RECOVERY_KEY')
    expect(mistakesOf({ DATABASE_URL, FOYER_TOKEN_KEY: key, FOYER_LEASE_KEY: key, FOYER_RECOVERY_KEY: key })).toEqual(
      [],
    )
  })
})

/** The order of the lines is of no interest. */
const byGiven =
  (lines: readonly string[]) =>
  (a: string, b: string): number =>
    lines.findIndex((line) => line.startsWith(a)) - lines.findIndex((line) => line.startsWith(b))
