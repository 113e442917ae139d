import { cpSync, existsSync, rmSync } from 'node:fs'
import path from 'node:path'
import { openEncrypted } from '../../src-main/data/sqlite.ts'
import { compactLog } from '../../sync-server/compaction/compact.ts'
import { copyComputer } from './clones.ts'
import type { SimDevice } from './device.ts'
import { type IncidentParts, type Moment, revoke, takeBack } from './incident.ts'
import { fairWeather } from './network.ts'
import { savedIn } from './oracle/while-running.ts'
import type { Once, Plan } from './plan.ts'
import { spoilRow } from './wrong-rows.ts'

const dayMs = 24 * 3600 * 1000

/** The rare things, each at a drawn moment in the first minutes of a run. */
export const planIncidents = (parts: IncidentParts, { once: names, operations }: Plan): void => {
  const { scheduler, chance, history, devices } = parts
  for (const name of names) {
    const first = chance.int(4000, 400 * operations)
    const second = first + chance.int(3000, 200 * operations)
    const at = (when: number, what: string, work: () => unknown): void =>
      void scheduler.after(when, () => {
        history.note('incident', what)
        history.count(`fault ${what}`)
        void work()
      })
    const device = chance.pick(devices.filter(({ original }) => original === undefined))
    incidents[name](parts, { first, second, at, operations, device })
  }
}

const incidents: Record<Once, (parts: IncidentParts, moment: Moment) => void> = {
  'restore the server': (parts, moment) => restoreServer(parts, moment, false),
  'put old files of the server back': (parts, moment) => restoreServer(parts, moment, true),
  'change the epoch': ({ database, activity }, { first, at }) =>
    at(first, 'server epoch changed', () =>
      activity.during(database.sql('update server_epoch set epoch = gen_random_uuid()')),
    ),
  'compact the log': (parts, { first, second, at }) => {
    const keep = { supersededAfterSeconds: 0, removalsAfterSeconds: 60 * 24 * 3600 }
    at(first, 'compaction', () => compact(parts, keep))
    at(second, 'compaction', () => compact(parts, keep))
  },
  'prune removals': (parts, { first, second, at }) => {
    const all = { supersededAfterSeconds: 0, removalsAfterSeconds: 0 }
    at(first, 'removals pruned', () => compact(parts, all))
    at(second, 'removals pruned', () => compact(parts, all))
  },
  'set a device back': (parts, { first, second, at, device, operations }) => {
    const copy = path.join(path.dirname(device.folder), `${device.name}-copy`)
    at(first, 'copy of a disk', () => device.crash('kill', 500, () => cpSync(device.folder, copy, { recursive: true })))
    at(second + 200 * operations, 'disk set back to its copy', () => {
      // Whoever carries a computer back plugs it in last: people write before the log can tell what was used.
      device.link.weather = { ...fairWeather(), cut: 'both' }
      device.crash('kill', 500, () => setBack(parts, device, copy))
    })
  },
  'copy a computer': copyComputer,
  'revoke a device': (parts, { first, second, at, device }) => {
    at(first, 'device revoked', () => revoke(parts, device))
    // It may have destroyed all by then, or not.
    if (parts.chance.happens(40)) at(second, 'revocation taken back', () => takeBack(parts, device))
  },
  'update a device': (_parts, { first, at, device }) =>
    at(first, 'replica of an old version', () => device.crash('kill', 2000, () => makeOld(device))),
  // More of them come at the end, see health-at-rest.ts.
  'a row goes wrong': (parts, { first, at, device }) => at(first, 'a row goes wrong', () => goWrong(parts, device)),
  'three weeks away': (parts, { first, at }) => at(first, 'three weeks away', () => away(parts)),
  meddle: ({ office }, { first, second, at }) => {
    at(first, 'operator at work', office.meddle)
    at(second, 'operator at work', office.meddle)
  },
}

/** Without a trace only the desks can tell: by their positions, or by their numbers (FAULTS S5, SPEC U8). */
const restoreServer = (parts: IncidentParts, { first, second, at }: Moment, isTraceless: boolean): void => {
  const { database, server, devices, activity, chance, health, watch } = parts
  const changedBefore = new Map<SimDevice, number>()
  at(first, 'backup', () => {
    for (const device of devices) changedBefore.set(device, device.link.changed.length)
    return activity.during(database.backUp())
  })
  const downMs = chance.int(100, 10_000)
  at(second, isTraceless ? 'old files of the server put back' : 'server restored from a backup', () => {
    server.kill(downMs)
    // What came since the backup is gone.
    for (const device of devices) device.link.changed.length = changedBefore.get(device) ?? 0
    // What they hold is other than what the server has, unless it is told by them first.
    if (isTraceless) {
      watch.unsettle()
      for (const device of devices) health.spoiled(device)
    }
    return activity.during(database.restore({ isTraceless }).then(() => forgetRevocations(parts)))
  })
}

/** A backup may be older than a revocation, and than what came from a device that has nothing any more. */
const forgetRevocations = async ({ database, devices, journal }: IncidentParts): Promise<void> => {
  const rows = await database.sql<{ id: string }>('select id from devices where revoked_at is not null')
  const revoked = new Set(rows.map(({ id }) => id))
  for (const device of devices) {
    if (device.isRevoked && device.isGone) journal.forgetAfter(device, 0)
    device.isRevoked = revoked.has(device.enrolled.id)
  }
}

const goWrong = ({ health, chance, history }: IncidentParts, device: SimDevice): void => {
  const table = spoilRow(device, chance)
  if (table !== undefined) health.spoiled(device)
  history.note(device.name, `a wrong row of ${table ?? 'nothing'}`)
}

type Ages = Readonly<Record<'supersededAfterSeconds' | 'removalsAfterSeconds', number>>

const compact = async ({ server, history }: IncidentParts, ages: Ages): Promise<void> => {
  try {
    const { superseded, removals } = await compactLog({ db: server.db(), pieceSize: 40, restMs: 50, ...ages })
    history.note('compaction', `took ${superseded} entries and ${removals} removals`)
    history.count('compacted entries', superseded + removals)
  } catch (error) {
    history.note('compaction', `failed: ${String(error)}`)
  }
}

const setBack = ({ journal, watch }: IncidentParts, device: SimDevice, copy: string): void => {
  if (!existsSync(copy)) return
  rmSync(device.folder, { recursive: true, force: true })
  cpSync(copy, device.folder, { recursive: true })
  const kept = savedIn(device)
  const last = journal.of(device).filter(({ envelope }) => kept.has(envelope.id))
  journal.forgetAfter(device, last.at(-1)?.envelope.seq ?? 0)
  watch.forget(device)
}

/** As if a program with other tables had written it. */
const makeOld = (device: SimDevice): void => {
  for (const number of [1, 2, 3, 4, 5, 6, 7, 8]) {
    const file = `${device.folder}/replica-${number}.db`
    try {
      const db = openEncrypted(file, { key: device.key, synchronous: 'NORMAL' })
      db.exec("update replica_state set value = 'three versions ago' where key = 'fingerprint'")
      db.close()
    } catch {
      // No such generation, or one that was cut while it was made.
    }
  }
}

/** All computers are off for 21 days; then everybody signs in again. */
const away = async (parts: IncidentParts): Promise<void> => {
  const { devices, scheduler, pauseWork, database, activity, chance } = parts
  pauseWork(true)
  for (const device of devices) {
    device.isHeld = true
    if (device.isOn) await device.stop()
    else device.crash('kill', 0)
  }
  scheduler.after(5000, async () => {
    scheduler.leap(21 * dayMs)
    await activity.during(database.sql("update sync_log set at = at - interval '21 days'"))
    await renewLeases(parts)
    await compact(parts, { supersededAfterSeconds: 24 * 3600, removalsAfterSeconds: 60 * 24 * 3600 })
    for (const device of devices) {
      device.isHeld = false
      scheduler.after(chance.int(0, 8000), () => device.start())
    }
    scheduler.after(1000, () => pauseWork(false))
  })
}

const renewLeases = async ({ devices, database, scheduler, chance, activity }: IncidentParts): Promise<void> => {
  const issued = new Date(scheduler.now()).toISOString()
  const notAfter = new Date(scheduler.now() + 14 * dayMs).toISOString()
  for (const { enrolled, isRevoked } of devices) {
    if (isRevoked) continue
    for (const staffId of enrolled.leases.keys()) {
      const id = chance.uuid()
      enrolled.leases.set(staffId, { id, notAfter })
      await activity.during(
        database.sql('insert into leases values ($1, $2, $3, $4, $5, $6)', [
          id,
          enrolled.facility.id,
          staffId,
          enrolled.id,
          issued,
          notAfter,
        ]),
      )
    }
  }
}
