import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Logger } from 'pino'
import { inRole } from './db/postgres.ts'
import type { Db } from './db/tx.ts'

/** Watches over the epoch: the name of the server's history, which changes when that was rewound (DESIGN.md §6.5). */
export interface EpochKeeper {
  /**
   * Looks whether this is still the database, and the place in it, where the history was: when the server starts, and
   * whenever a connection was lost, as a restore or a failover cannot do without. Never throws; answers whether it could look.
   */
  readonly check: () => Promise<boolean>
  /** The same until it could look, because nobody asks a second time; or until the signal. */
  readonly settle: (signal: AbortSignal) => Promise<void>
  /**
   * A device was shown what this database does not have any more, under this very epoch: a copy was put back in a way that
   * leaves no trace in it. Answers the epoch that holds now.
   */
  readonly doubt: (epoch: string, reason: 'position' | 'sequence', deviceId: string) => Promise<string>
}

export interface EpochParts {
  readonly db: Db
  readonly log: Logger
  /**
   * A device could lie, and everybody would load anew. So an epoch is believed in for this long whatever devices say; the
   * one that says so starts afresh in any case.
   */
  readonly trustSeconds?: number
}

interface Seen {
  readonly epoch: string
  readonly is_renewed: boolean
  /** A place in the write-ahead log, null on a standby. */
  readonly wal: number | null
}

const hour = 3600

/** After a failover the pool is full of connections that hang, for 40 s. */
const firstPauseMs = 250
const longestPauseMs = 8000

export const createEpochKeeper = ({ db, log, trustSeconds = hour }: EpochParts): EpochKeeper => {
  let last: Seen | undefined

  const look = async (): Promise<Seen> =>
    inRole(db, { role: 'foyer_feed' }, async (tx) => {
      const { rows } = await sql<Seen>`select * from sync.keep_epoch()`.execute(tx)
      const [seen] = rows
      if (!seen) throw new Error('keep_epoch answers one row')
      return seen
    })

  const renewed = (reason: string): void =>
    log.warn(
      { reason },
      'the history was rewound: every device starts afresh, also one that was shut out since the backup',
    )

  const check = async (): Promise<boolean> => {
    try {
      let seen = await look()
      if (seen.is_renewed) renewed('restored')
      // The very same files, as they were before.
      if (isBehind(seen, last) && (await renewEpoch(db, seen.epoch, 'went back'))) {
        renewed('went back')
        seen = await look()
      }
      last = seen
      return true
    } catch (error) {
      log.warn({ error: error instanceof Error ? error.name : 'unknown' }, 'could not look at the epoch')
      return false
    }
  }

  return {
    check,
    settle: async (signal) => {
      for (let pause = firstPauseMs; !signal.aborted && !(await check()); pause = Math.min(2 * pause, longestPauseMs)) {
        await delay(pause, undefined, { signal, ref: false }).catch(() => undefined)
      }
    },
    doubt: async (epoch, reason, deviceId) => {
      const why = `a device is ahead: ${reason}`
      const isNew = await renewEpoch(db, epoch, why, trustSeconds)
      if (isNew) renewed(why)
      else log.warn({ device_id: deviceId, reason }, 'a device is ahead of the log')
      last = await look()
      return last.epoch
    },
  }
}

const isBehind = ({ epoch, wal }: Seen, last: Seen | undefined): boolean =>
  last?.epoch === epoch && last.wal !== null && wal !== null && wal < last.wal

/** Begins a new history, unless somebody else just did. Answers whether it began. */
export const renewEpoch = async (db: Db, seen: string, reason: string, leastAgeSeconds = 0): Promise<boolean> =>
  inRole(db, { role: 'foyer_feed' }, async (tx) => {
    const { rows } = await sql<{ is_new: boolean }>`
      select sync.renew_epoch(${seen}, ${reason}, make_interval(secs => ${leastAgeSeconds})) as is_new`.execute(tx)
    return rows[0]?.is_new ?? false
  })

/** The epoch that holds, since when, and what it began with. */
export const readEpoch = async (
  db: Db,
): Promise<{ readonly epoch: string; readonly since: string; readonly reason: string }> =>
  inRole(db, { role: 'foyer_feed' }, async (tx) =>
    tx.selectFrom('server_epoch').select(['epoch', 'since', 'reason']).executeTakeFirstOrThrow(),
  )
