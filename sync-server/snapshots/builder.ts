import { setTimeout as delay } from 'node:timers/promises'
import { inRole } from '../db/postgres.ts'
import type { Db } from '../db/tx.ts'
import type { LogName } from '../shapes/handle.ts'
import { refreshSnapshot, type SnapshotPolicy } from './refresh.ts'

export interface BuilderParts {
  readonly db: Db
  readonly folder: string
  readonly policy: SnapshotPolicy
  /** Between two looks at all logs. */
  readonly everySeconds: number
  readonly signal: AbortSignal
  readonly onError: (error: unknown) => void
}

/** Looks at all logs, one after the other, and brings to date what is due; until `signal`. */
export const keepSnapshots = async (parts: BuilderParts): Promise<void> => {
  const { everySeconds, signal, onError } = parts
  while (!signal.aborted) {
    await lookAtAll(parts).catch(onError)
    await delay(everySeconds * 1000, undefined, { signal }).catch(() => undefined)
  }
}

const lookAtAll = async ({ db, folder, policy, signal, onError }: BuilderParts): Promise<void> => {
  for (const log of await allLogs(db)) {
    if (signal.aborted) return
    await refreshSnapshot({ db, folder, policy, now: Date.now }, log).catch(onError)
  }
}

const allLogs = async (db: Db): Promise<readonly LogName[]> => {
  const facilities = await inRole(db, { role: 'foyer_auth' }, async (tx) =>
    tx.selectFrom('facilities').select('id').orderBy('id').execute(),
  )
  return facilities.flatMap(({ id }) => (['desk', 'office'] as const).map((audience) => ({ facilityId: id, audience })))
}
