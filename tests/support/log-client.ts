import type { Db } from '../../sync-server/db/tx.ts'
import type { LogName } from '../../sync-server/shapes/handle.ts'
import type { ChunkLimit } from '../../sync-server/shapes/log.ts'
import { createLogReader } from '../../sync-server/shapes/log-reader.ts'
import { createLogWaiters } from '../../sync-server/shapes/log-waiters.ts'
import { serveShape } from '../../sync-server/shapes/serve.ts'
import type { Entry } from './facility-log.ts'

type Rows = ReadonlyMap<string, string>

/** A client of the log that keeps the text of each row, as a replica does, without network and client library. */
export interface LogClient {
  /** One question and its answer. Answers what it says, and how far it goes when that is up to date. */
  readonly ask: (live?: boolean) => Promise<'more' | 'must-refetch' | { readonly position: number }>
  readonly rows: () => Rows
  readonly place: () => Place
  /** Forgets everything. */
  readonly startOver: () => void
}

interface Place {
  readonly offset: string
  readonly handle?: string
}

interface LogClientParts {
  readonly db: Db
  readonly log: LogName
  readonly limit: ChunkLimit
}

interface Message {
  readonly value?: { readonly table_name: string; readonly row_id: string; readonly row: string | null }
}

const keyOf = ({ table_name, row_id }: Pick<Entry, 'table_name' | 'row_id'>): string => `${table_name}/${row_id}`

/** `from` is another client, whose rows and place this one goes on from. */
export const logClient = ({ db, log, limit }: LogClientParts, from?: LogClient): LogClient => {
  const waiters = createLogWaiters()
  const logs = createLogReader({ db, limit, isListening: () => false })
  const rows = new Map(from?.rows())
  let place: Place = from?.place() ?? { offset: '-1' }
  const startOver = (): void => {
    rows.clear()
    place = { offset: '-1' }
  }
  return {
    rows: () => rows,
    place: () => place,
    startOver,
    async ask(live = false) {
      const query = { audience: log.audience, ...place, ...(live && place.handle ? { live: 'true' } : {}) }
      const signal = new AbortController().signal
      const check = async () => undefined
      const doubt = async (epoch: string) => epoch
      const inTurn = async <T>(work: () => Promise<T>) => work()
      const context = {
        db,
        log,
        limit,
        waiters,
        logs,
        pollSeconds: 0.02,
        deviceId: 'one',
        signal,
        inTurn,
        check,
        doubt,
      }
      const { status, headers, body } = await serveShape(query, context)
      if (status === 409) {
        startOver()
        return 'must-refetch'
      }
      // A text in this form, as long as no Electric stands between.
      for (const { value } of JSON.parse(body as string) as readonly Message[]) {
        if (value?.row) rows.set(keyOf(value), value.row)
        else if (value) rows.delete(keyOf(value))
      }
      place = { offset: headers['electric-offset'] ?? '', handle: headers['electric-handle'] ?? '' }
      if (headers['electric-up-to-date'] === undefined) return 'more'
      return { position: Number(place.offset.split('_')[0]) }
    },
  }
}

/** What a client must show that has everything up to a position of a log of which nothing was taken. */
export const rowsAt = (
  entries: readonly (Omit<Entry, 'row'> & { readonly row: string | null })[],
  position: number,
): Rows => {
  const rows = new Map<string, string>()
  for (const entry of entries) {
    if (entry.position > position) break
    if (entry.row === null) rows.delete(keyOf(entry))
    else rows.set(keyOf(entry), entry.row)
  }
  return rows
}
