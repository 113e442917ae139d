import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Logger } from 'pino'
import { inRole } from '../db/postgres.ts'
import type { Db } from '../db/tx.ts'
import type { Metrics } from '../metrics.ts'
import { compactLog, type CompactOptions } from './compact.ts'

export interface CompactionParts extends Pick<CompactOptions, 'db' | 'fold'> {
  /** Never when 0. */
  readonly everyMs: number
  readonly log: Logger
  /** In [0, 1). */
  readonly random?: () => number
}

export interface Compaction {
  readonly addMetrics: (metrics: Metrics) => void
  readonly stop: () => Promise<void>
}

/**
 * Compacts the log again and again while the server runs. Servers that were started together drift apart by chance, and
 * of several the one that comes first does the work.
 */
export const startCompaction = ({ db, fold, everyMs, log, random = Math.random }: CompactionParts): Compaction => {
  const stopping = new AbortController()
  const { signal } = stopping
  const numbers = { superseded: 0, removals: 0, entries: 0, bytes: 0 }

  // What is not folded is counted anew: no reason to let the log grow.
  const foldOrNot: CompactOptions['fold'] = async (name, position) => {
    await fold?.(name, position).catch((error: unknown) => {
      log.warn({ error: error instanceof Error ? error.name : 'unknown' }, 'could not fold the digests')
    })
  }

  const once = async (): Promise<void> => {
    const { superseded, removals, isElsewhere } = await compactLog({ db, signal, fold: foldOrNot })
    numbers.superseded += superseded
    numbers.removals += removals
    Object.assign(numbers, await measureLog(db))
    const { entries, bytes } = numbers
    log.info({ superseded, removals, is_elsewhere: isElsewhere, entries, bytes }, 'compacted the log')
  }

  const loop = async (): Promise<void> => {
    // The first time soon, so that a server that is started every day does it too.
    for (let pause = everyMs / 10; !signal.aborted; pause = everyMs) {
      await delay(pause * (0.5 + random()), undefined, { signal, ref: false }).catch(() => undefined)
      if (signal.aborted) return
      await once().catch((error: unknown) => {
        if (!signal.aborted) log.warn({ error: error instanceof Error ? error.name : 'unknown' }, 'could not compact')
      })
    }
  }

  const ended = everyMs === 0 ? Promise.resolve() : loop()
  return {
    addMetrics: (metrics) => {
      const { gauge } = metrics
      gauge(
        'foyer_log_superseded_pruned',
        'Log entries taken out since the start that had a newer one',
        () => numbers.superseded,
      )
      gauge(
        'foyer_log_removals_pruned',
        'Log entries taken out since the start with old removals',
        () => numbers.removals,
      )
      gauge('foyer_log_entries', 'Entries in the log, as estimated after the last compaction', () => numbers.entries)
      gauge('foyer_log_bytes', 'Size of the log with its indexes after the last compaction', () => numbers.bytes)
    },
    stop: async () => {
      stopping.abort()
      await ended
    },
  }
}

/** As PostgreSQL knows it without counting. */
export const measureLog = async (db: Db): Promise<{ readonly entries: number; readonly bytes: number }> =>
  inRole(db, { role: 'foyer_compact' }, async (tx) => {
    const { rows } = await sql<{ entries: number; bytes: number }>`
      select greatest(reltuples, 0)::int8 as entries, pg_total_relation_size(oid) as bytes
      from pg_class where oid = 'sync_log'::regclass`.execute(tx)
    return rows[0] ?? { entries: 0, bytes: 0 }
  })
