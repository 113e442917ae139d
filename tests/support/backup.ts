import { Client, escapeIdentifier, escapeLiteral } from 'pg'

export interface Backup {
  /** Puts the copy in the place of the database, whose connections all break. */
  readonly restore: () => Promise<void>
  /** Removes what is not in the place of the database. */
  readonly drop: () => Promise<void>
}

export interface BackupOptions {
  /** As when the very files of the database are put back: nothing in it shows that it was restored. */
  readonly isTraceless?: boolean
}

/** Copies a database as it is now. Its connections break, as in a restart. */
export const backUp = async (adminUrl: string, { isTraceless = false }: BackupOptions = {}): Promise<Backup> => {
  const name = new URL(adminUrl).pathname.slice(1)
  const maintenanceUrl = Object.assign(new URL(adminUrl), { pathname: 'postgres' }).href
  const [copy, lost] = [`${name}_copy`, `${name}_lost`]

  const alone = async (work: (run: (sql: string) => Promise<unknown>) => Promise<void>): Promise<void> => {
    const client = new Client(maintenanceUrl)
    await client.connect()
    try {
      await client.query(`alter database ${escapeIdentifier(name)} allow_connections false`)
      await client.query(
        `select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = ${escapeLiteral(name)}`,
      )
      await work(async (sql) => client.query(sql))
      await client.query(`alter database ${escapeIdentifier(name)} allow_connections true`)
    } finally {
      await client.end()
    }
  }
  const of = escapeIdentifier

  await alone(async (run) => {
    await run(`create database ${of(copy)} template ${of(name)}`)
  })
  if (isTraceless) await forgetCopying(Object.assign(new URL(adminUrl), { pathname: copy }).href)
  return {
    restore: async () =>
      alone(async (run) => {
        await run(`alter database ${of(name)} rename to ${of(lost)}`)
        await run(`alter database ${of(copy)} rename to ${of(name)}`)
      }),
    drop: async () => {
      const client = new Client(maintenanceUrl)
      await client.connect()
      for (const rest of [copy, lost]) await client.query(`drop database if exists ${of(rest)} with (force)`)
      await client.end()
    },
  }
}

/** Of an age at which the epoch is not new any more. */
const forgetCopying = async (url: string): Promise<void> => {
  const client = new Client(url)
  await client.connect()
  await client.query(
    `update server_epoch set home = sync.home(), written_by = pg_current_xact_id(), since = now() - interval '2 hours'`,
  )
  await client.end()
}
