import { inRole } from '../db/postgres.ts'
import type { LogName } from '../shapes/handle.ts'
import { isSnapshotDue, refreshSnapshot, type RefreshParts, type SnapshotPolicy } from './refresh.ts'

/** Of a server. */
export const standardPolicy: SnapshotPolicy = {
  leastPositions: 5000,
  positionsBehind: 10_000,
  minutes: 60,
  leastRowsForToday: 100_000,
  leastShareForToday: 0.5,
  partBytes: 12_000_000,
}

/** Whether there is a log whose snapshot should be made. */
export const isAnyDue = async (parts: RefreshParts): Promise<boolean> => {
  for (const log of await allLogs(parts)) {
    if (await isSnapshotDue(parts, log)) return true
  }
  return false
}

/** Brings to date what is due, one log after the other. */
export const refreshAll = async (parts: RefreshParts, onError: (error: unknown) => void): Promise<void> => {
  for (const log of await allLogs(parts)) await refreshSnapshot(parts, log).catch(onError)
}

const allLogs = async ({ db }: RefreshParts): Promise<readonly LogName[]> => {
  const facilities = await inRole(db, { role: 'foyer_auth' }, async (tx) =>
    tx.selectFrom('facilities').select('id').orderBy('id').execute(),
  )
  return facilities.flatMap(({ id }) => (['desk', 'office'] as const).map((audience) => ({ facilityId: id, audience })))
}
