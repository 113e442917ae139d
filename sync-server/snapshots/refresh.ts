import { mkdirSync } from 'node:fs'
import { inRole } from '../db/postgres.ts'
import type { Db } from '../db/tx.ts'
import type { LogName } from '../shapes/handle.ts'
import { type Head, readHead } from '../shapes/log.ts'
import { fingerprint, folderOf, publishedIn } from './place.ts'
import { clearOld, publish } from './publish.ts'
import { type FreeBytes, requireRoom } from './room.ts'
import { isWorthwhile, type TodayPolicy } from './today.ts'
import { catchUp, openWorkingCopy } from './working-copy.ts'

/** When a snapshot is worth making, and when it is too old: what is missing comes by the log, row by row. */
export interface SnapshotPolicy extends TodayPolicy {
  /** Of a log that has less, the log itself is as quick. */
  readonly leastPositions: number
  /** Positions that the log may be ahead, or a twentieth of all where that is more. */
  readonly positionsBehind: number
  /** Minutes after which anything new is reason enough. */
  readonly minutes: number
  /** How large the database of a part gets: desks hold two of them in memory. */
  readonly partBytes: number
}

export interface RefreshParts {
  readonly db: Db
  /** Of all snapshots. */
  readonly folder: string
  readonly policy: SnapshotPolicy
  /** Epoch ms. */
  readonly now: () => number
  readonly freeBytes: FreeBytes
}

/** Whether the snapshot of a log should be made (anew). */
export const isSnapshotDue = async (parts: RefreshParts, log: LogName): Promise<boolean> =>
  isDue(await headOf(parts, log), { ...parts, now: parts.now() }, log)

/** Brings the snapshot of one log up to date where it is due. Answers whether one was published. Throws where the disk is for others. */
export const refreshSnapshot = async (parts: RefreshParts, log: LogName): Promise<'published' | 'fresh' | 'busy'> => {
  const { db, folder, policy, now, freeBytes } = parts
  const head = await headOf(parts, log)
  if (!isDue(head, { folder, policy, now: now() }, log)) return 'fresh'
  const own = folderOf(folder, log)
  mkdirSync(own, { recursive: true, mode: 0o700 })
  const hasRoom = (): void => requireRoom(own, freeBytes)
  const copy = openWorkingCopy(own, head)
  if (!copy) return 'busy'
  const clear = (at: Head): void => clearOld(folder, own, log, (manifest) => isUsable(manifest, at))
  try {
    // What a kill has left unfinished, and what nobody can go on from, keeps no room from others. The log may have grown since.
    clear({ ...head, position: Number.POSITIVE_INFINITY })
    hasRoom()
    const caughtUp = await catchUp({ db, log, copy, hasRoom })
    const order = { folder: own, log, copy, partBytes: policy.partBytes, hasRoom, now: new Date(now()).toISOString() }
    const { rows } = publish({ ...order, extent: 'whole' })
    if (isWorthwhile(copy.db, rows, policy)) publish({ ...order, extent: 'today' })
    clear(caughtUp)
    copy.close()
    return 'published'
  } catch (error) {
    copy.closeAfter(error)
    throw error
  }
}

const headOf = async ({ db }: RefreshParts, log: LogName): Promise<Head> =>
  inRole(db, { role: 'foyer_feed', facilityId: log.facilityId }, async (tx) => readHead(tx, log))

interface DueParts {
  readonly folder: string
  readonly policy: SnapshotPolicy
  readonly now: number
}

const isDue = (head: Head, { folder, policy, now }: DueParts, log: LogName): boolean => {
  if (head.position < policy.leastPositions) return false
  const [newest] = publishedIn(folder, log, 'whole').filter((manifest) => isUsable(manifest, head))
  if (!newest) return true
  const behind = head.position - newest.position
  const isOld = now - Date.parse(newest.taken_at) >= policy.minutes * 60_000
  return behind >= Math.max(policy.positionsBehind, newest.rows / 20) || (behind > 0 && isOld)
}

/** Whether a desk could go on from there with the log. */
export const isUsable = (
  manifest: Readonly<{ fingerprint: string; epoch: string; position: number }>,
  { epoch, position, prunedTo }: Head,
): boolean =>
  manifest.fingerprint === fingerprint &&
  manifest.epoch === epoch &&
  manifest.position <= position &&
  manifest.position >= prunedTo
