import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'

/**
 * Our share in a running server. Several programs may use one cluster (two desks started on one computer); each holds
 * a shared lock in the server itself, which vanishes with the program, however that ends. So nobody needs to trust
 * files about who is still there.
 */
export interface Keeper {
  /** Gives the share back. True: it was the last one and nobody can join any more, so stop the server. */
  readonly leave: () => Promise<boolean>
}

/** Any number that nothing else takes as an advisory lock in the database `postgres`. */
const lockKey = 4_398_046_511
/** Milliseconds for one answer of the server. */
const answerWithin = 5_000
const rejoinEvery = 500
const rejoinTries = 60

/**
 * Joins the server at this URL; undefined if it is not ready: it does not answer yet, or is just being stopped.
 * Throws if it will never let us in (the password is not that of this cluster).
 */
export const joinServer = async (url: string): Promise<Keeper | undefined> => {
  const first = await connectAndLock(url)
  if (!first) return undefined
  const share: Share = { client: first, isLeaving: false, rejoining: undefined }

  // One crashed session makes PostgreSQL drop all of them and go on: then our lock needs a new connection.
  const rejoin = async (): Promise<void> => {
    for (let tries = 0; tries < rejoinTries && !share.client && !share.isLeaving; tries += 1) {
      await delay(rejoinEvery)
      share.client = await connectAndLock(url).catch(() => undefined)
    }
    if (share.client) keep(share.client)
  }
  const keep = (client: Client): void => {
    client.once('end', () => {
      share.client = undefined
      if (!share.isLeaving) share.rejoining = rejoin()
    })
  }
  keep(first)

  return {
    leave: async () => {
      share.isLeaving = true
      await share.rejoining
      const isLast = await leave(share.client)
      if (isLast !== undefined) return isLast
      // The others lost their connections too. They get the time to come back, or we would stop their server.
      await delay(3 * rejoinEvery)
      return (await leave(await connectAndLock(url).catch(() => undefined))) ?? true
    },
  }
}

interface Share {
  client: Client | undefined
  isLeaving: boolean
  rejoining: Promise<void> | undefined
}

const connectAndLock = async (url: string): Promise<Client | undefined> => {
  const client = new Client({
    connectionString: url,
    ssl: false,
    application_name: 'foyer keeper',
    connectionTimeoutMillis: answerWithin,
    query_timeout: answerWithin,
  })
  // Always followed by 'end', which is what we act upon.
  client.on('error', () => undefined)
  try {
    await client.connect()
    if (await ask(client, 'pg_try_advisory_lock_shared')) return client
    await client.end()
    return undefined
  } catch (error) {
    if (isRefusal(error)) throw error
    return undefined
  }
}

/** Undefined without a connection: nobody can say who else is there. */
const leave = async (client: Client | undefined): Promise<boolean | undefined> => {
  if (!client) return undefined
  try {
    await ask(client, 'pg_advisory_unlock_shared')
    // Held until the server ends, so that no one joins a server that is about to stop.
    if (await ask(client, 'pg_try_advisory_lock')) return true
    await client.end()
    return false
  } catch {
    return undefined
  }
}

const ask = async (client: Client, lockFunction: string): Promise<boolean> => {
  const { rows } = await client.query<{ yes: boolean }>(`select ${lockFunction}($1) as yes`, [lockKey])
  return rows[0]?.yes === true
}

// SQLSTATE classes for a wrong password and a missing database. All else passes: starting up, recovering, shutting
// down, too many connections at this moment, nobody at the port yet.
const isRefusal = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && /^(28|3D)/.test(String(error.code))
