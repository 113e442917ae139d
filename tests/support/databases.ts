import { randomBytes } from 'node:crypto'
import { Client, escapeIdentifier } from 'pg'
import { inject } from 'vitest'

export interface TestDatabase {
  /** Superuser URL of this database. */
  readonly url: string
  /** Ends every connection to it and removes it. */
  readonly drop: () => Promise<void>
}

/** A new database of its own on the shared server: empty, or a copy of the template, to which nobody may be connected. */
export const createDatabase = async (template = 'template0'): Promise<TestDatabase> => {
  const serverUrl = inject('postgresUrl')
  const name = `test_${randomBytes(8).toString('hex')}`
  await execute(serverUrl, `create database ${escapeIdentifier(name)} template ${escapeIdentifier(template)}`)
  const url = new URL(serverUrl)
  url.pathname = name
  return { url: url.href, drop: () => execute(serverUrl, `drop database ${escapeIdentifier(name)} with (force)`) }
}

const execute = async (url: string, sql: string): Promise<void> => {
  const client = new Client(url)
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
