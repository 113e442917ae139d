import { createHash } from 'node:crypto'
import { Kysely, PostgresDialect } from 'kysely'
import type { Client, Pool, PoolClient, QueryConfig } from 'pg'
import { pipelinedPool } from '../../sync-server/db/pipelined-pool.ts'
import type { PostgresDatabase } from '../../sync-server/db/postgres.ts'
import type { Activity } from './activity.ts'

export type QueryFault =
  | 'none'
  /** The server dies before, or right after, PostgreSQL has done it. */
  | 'kill_before'
  | 'kill_after'
  /** Serialization failure: nothing was done. */
  | 'conflict'
  /** PostgreSQL restarts: the connection is gone, before or right after it was done. */
  | 'lost_before'
  | 'lost_after'

/** One start of the sync server. */
export interface Tenant {
  readonly isDead: () => boolean
  readonly faultAt: (sql: string) => QueryFault
  readonly onKill: () => void
}

const failed = (message: string, code: string): Error => Object.assign(new Error(message), { code })
const conflict = `do $$ begin raise exception 'could not serialize access' using errcode = '40001'; end $$`
const terminated = (): Error => failed('Connection terminated unexpectedly', '57P01')

const nameOf = (text: string): string => createHash('sha1').update(text).digest('base64url').slice(0, 20)

interface Line {
  readonly real: (config: QueryConfig) => Promise<unknown>
  readonly touch: () => void
}

/** The line as one of its users has it, from connecting to release. */
const lease = ({ real, touch }: Line, tenant: Tenant, onRelease: () => void): Pick<PoolClient, 'query' | 'release'> => {
  const rollBack = () => real({ text: 'rollback' })
  let isBroken = false
  const query = async (config: QueryConfig) => {
    touch()
    if (isBroken || tenant.isDead()) throw terminated()
    const fault = tenant.faultAt(config.text)
    // PostgreSQL itself must refuse it: what is pipelined behind it, a commit too, then comes to nothing.
    if (fault === 'conflict') return real({ text: conflict })
    if (fault === 'kill_before') tenant.onKill()
    isBroken = fault.startsWith('lost')
    if (fault === 'lost_before' || tenant.isDead()) {
      // What goes before may still be on its way.
      await rollBack()
      throw terminated()
    }
    const result = await real(config)
    if (fault === 'kill_after') tenant.onKill()
    if (fault === 'lost_after' || tenant.isDead()) {
      await rollBack()
      throw terminated()
    }
    return result
  }
  return {
    // What is pipelined uses no other form.
    query: query as unknown as PoolClient['query'],
    release: () => {
      touch()
      // Nothing is open here unless the tenant has died in the middle.
      if (tenant.isDead()) void rollBack().then(onRelease)
      else onRelease()
    },
  }
}

/**
 * The one connection of the simulated server: its transactions run one after the other, in an order that depends on
 * nothing but the seed. A tenant that dies in the middle of a transaction leaves nothing of it.
 */
export const serverLine = (client: Client, { during, touch }: Activity) => {
  let last: Promise<unknown> = Promise.resolve()
  const names = new Map<string, string>()
  /** The connection outlives its tenants: the same statement has the same name for all of them. */
  const renamed = (config: QueryConfig): QueryConfig => {
    if (config.name === undefined) return config
    const name = names.get(config.text) ?? nameOf(config.text)
    names.set(config.text, name)
    return { ...config, name }
  }
  const real = (config: QueryConfig) => during(client.query(renamed(config)))

  const connect = async (tenant: Tenant): Promise<Pick<PoolClient, 'query' | 'release'>> => {
    const before = last
    const { promise, resolve } = Promise.withResolvers<void>()
    last = promise
    touch()
    await before
    if (tenant.isDead()) {
      resolve()
      throw terminated()
    }
    return lease({ real, touch }, tenant, resolve)
  }

  return {
    poolFor: (tenant: Tenant): Kysely<PostgresDatabase> => {
      const pool = { options: {}, connect: () => connect(tenant), end: async () => undefined }
      return new Kysely<PostgresDatabase>({
        // Of a pool nothing else is used.
        dialect: new PostgresDialect({ pool: pipelinedPool(pool as unknown as Pool) }),
      })
    },
    /** Told of each growth of a log that the tenants have committed. */
    onNotification: (tell: (facilityId: string, audience: string) => void): (() => void) => {
      const listener = ({ payload, processId }: { payload?: string | undefined; processId: number }): void => {
        // Those of others come at a time of their own.
        if (processId !== (client as unknown as { readonly processID: number }).processID) return
        const [facilityId, audience] = (payload ?? '').split(':')
        if (facilityId && audience) tell(facilityId, audience)
      }
      client.on('notification', listener)
      return () => void client.off('notification', listener)
    },
  }
}

export type ServerLine = ReturnType<typeof serverLine>
