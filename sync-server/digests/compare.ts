import type { z } from 'zod'
import type { digestsRequest, DigestsResponse } from '../../src-shared/contract/health.ts'
import { DomainError } from '../../src-shared/errors.ts'
import { inRole } from '../db/postgres.ts'
import type { Db } from '../db/tx.ts'
import { fitsHandle, type LogName } from '../shapes/handle.ts'
import { digestsAt, formsOf } from './fold.ts'
import { type Place, readPlace } from './log-changes.ts'

export type Compared = Extract<DigestsResponse, { state: 'compared' }>

export interface Comparer {
  /**
   * Throws `position_gone`. Answers `counting` when it takes too long: what was counted up to then is stored, and the next
   * one goes on from there, but what is counted back, for a replica that is late, begins again.
   */
  readonly compare: (log: LogName, request: Replica) => Promise<DigestsResponse>
}

type Replica = Pick<z.output<typeof digestsRequest>, 'handle' | 'position' | 'tables'>

export interface ComparerParts {
  readonly db: Db
  /** Epoch milliseconds. */
  readonly now: () => number
}

/** The device waits for longer than that. */
const longestMs = 5000

/** Compares what devices hold with the log. One at a time for each log: what the first has counted serves all. */
export const createComparer = ({ db, now }: ComparerParts): Comparer => {
  const last = new Map<string, Promise<unknown>>()

  const inTurn = async <T>(log: LogName, work: () => Promise<T>): Promise<T> => {
    const key = `${log.facilityId}.${log.audience}`
    const mine = (last.get(key) ?? Promise.resolve()).then(work)
    const ended = mine.catch(() => undefined)
    last.set(key, ended)
    void ended.then(() => last.get(key) === ended && last.delete(key))
    return mine
  }

  return {
    compare: async (log, request) => {
      const endsAt = now() + longestMs
      const check = (): void => {
        if (now() > endsAt) throw new TakesLonger()
      }
      await requirePlace(db, log, request)
      try {
        const counted = await inTurn(log, async () => {
          check()
          return digestsAt({ db, log, check }, request.position)
        })
        // Only what is still there now was there all the time.
        await requirePlace(db, log, request)
        return differences(log, counted, request.tables)
      } catch (error) {
        if (error instanceof TakesLonger) return { state: 'counting' }
        throw error
      }
    },
  }
}

class TakesLonger extends Error {}

/** Throws `position_gone` unless this history of the log has all that it takes to say what was there at the position. */
const requirePlace = async (db: Db, log: LogName, wanted: Pick<Replica, 'handle' | 'position'>): Promise<void> => {
  const place = await inRole(db, { role: 'foyer_feed', facilityId: log.facilityId }, async (tx) => readPlace(tx, log))
  if (isThere(place, log, wanted)) return
  throw new DomainError('position_gone', 'The log has nothing to compare with at this position.')
}

const isThere = (place: Place, log: LogName, { handle, position }: Pick<Replica, 'handle' | 'position'>): boolean =>
  fitsHandle(handle, log, place.epoch) && place.compactedTo <= position && position <= place.position

const differences = (
  log: LogName,
  counted: Awaited<ReturnType<typeof digestsAt>>,
  tables: Replica['tables'],
): Compared => {
  const forms = formsOf(log.audience)
  const names = Object.keys(tables)
  const isKnown = (name: string): boolean => forms.get(name) === tables[name]?.form
  return {
    state: 'compared',
    different: names.filter(isKnown).flatMap((table) => {
      const [here, there] = [counted.get(table), tables[table]]
      if (!here || (here.rows === there?.rows && here.digest === there.digest)) return []
      return [{ table, rows: here.rows }]
    }),
    unknown: names.filter((name) => !isKnown(name)),
  }
}
