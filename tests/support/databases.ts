import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Client, escapeIdentifier } from 'pg'
import { inject } from 'vitest'

export interface TestDatabase {
  /** Superuser URL of this database. */
  readonly url: string
  /** Removes it, and ends the connections that are left after a moment. */
  readonly drop: () => Promise<void>
}

/** A new database of its own on the shared server: empty, or a copy of the template, to which nobody may be connected. */
export const createDatabase = async (template = 'template0'): Promise<TestDatabase> => {
  const serverUrl = inject('postgresUrl')
  const name = `test_${randomBytes(8).toString('hex')}`
  await execute(serverUrl, `create database ${escapeIdentifier(name)} template ${escapeIdentifier(template)}`)
  const url = new URL(serverUrl)
  url.pathname = name
  return { url: url.href, drop: () => dropDatabase(serverUrl, name) }
}

const execute = (url: string, sql: string): Promise<void> =>
  withClient(url, async (client) => {
    await client.query(sql)
  })

/** As long as a pool that was closed may take to hang up: it does so after it says that it is closed. */
const patienceMs = 1000

/** A connection that is cut off while it hangs up is an error that nobody expects. */
const dropDatabase = (serverUrl: string, name: string): Promise<void> =>
  withClient(serverUrl, async (client) => {
    const latest = Date.now() + patienceMs
    while (Date.now() < latest) {
      const { rowCount } = await client.query('select from pg_stat_activity where datname = $1', [name])
      if (rowCount === 0) break
      await delay(5)
    }
    await client.query(`drop database ${escapeIdentifier(name)} with (force)`)
  })

const withClient = async (url: string, work: (client: Client) => Promise<void>): Promise<void> => {
  const client = new Client(url)
  await client.connect()
  try {
    await work(client)
  } finally {
    await client.end()
  }
}
