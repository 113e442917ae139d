import path from 'node:path'
import { refreshAll } from '../../sync-server/snapshots/builder.ts'
import type { SnapshotPolicy } from '../../sync-server/snapshots/refresh.ts'
import type { Db } from '../../sync-server/db/tx.ts'
import type { History } from './history.ts'
import type { Scheduler } from './scheduler.ts'

/** Small, so that facilities of some hundred rows have both kinds, in several parts. */
const policy: SnapshotPolicy = {
  leastPositions: 100,
  positionsBehind: 25,
  minutes: 0.05,
  leastRowsForToday: 50,
  leastShareForToday: 0.1,
  partBytes: 40_000,
}

export interface SnapshotMaker {
  /** Of all snapshots: outlives the server's starts. */
  readonly folder: string
  readonly make: () => Promise<void>
}

interface MakerParts {
  readonly folder: string
  readonly db: () => Db
  readonly scheduler: Scheduler
  readonly history: History
}

/** The server's process that makes snapshots. What it cannot make now it makes another time. */
export const createSnapshotMaker = ({ folder: root, db, scheduler, history }: MakerParts): SnapshotMaker => {
  const folder = path.join(root, 'snapshots')
  let isBusy = false
  return {
    folder,
    make: async () => {
      if (isBusy) return
      isBusy = true
      history.note('snapshots', 'look what is due')
      const onError = (error: unknown): void => history.note('snapshots', `failed: ${String(error)}`)
      await refreshAll(
        { db: db(), folder, policy, now: scheduler.now, freeBytes: () => Number.POSITIVE_INFINITY },
        onError,
      ).catch(onError)
      isBusy = false
    },
  }
}
