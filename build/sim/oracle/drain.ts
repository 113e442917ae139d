import type { Database, Sql } from '../database.ts'
import type { SimDevice } from '../device.ts'
import type { History } from '../history.ts'
import type { Scheduler } from '../scheduler.ts'
import { isWorking } from './end-parts.ts'
import type { Journal } from './journal.ts'
import type { Verdict } from './verdict.ts'

interface DrainParts {
  readonly database: Database
  readonly scheduler: Scheduler
  readonly history: History
  readonly verdict: Verdict
  readonly journal: Journal
}

/** FAULTS I8. */
const drainMs = 30_000

/** I8: everything has arrived everywhere soon after the faults are over. */
export const drain = async (
  { scheduler, verdict, database, history, journal }: DrainParts,
  devices: readonly SimDevice[],
  isFailed: () => boolean,
): Promise<void> => {
  const living = devices.filter(isWorking)
  const revoked = devices.filter(({ isRevoked, isThere }) => isRevoked && isThere)
  const began = scheduler.now()
  const look = async (): Promise<readonly string[]> => [
    ...(await lateOf({ sql: database.sql, journal }, living)),
    ...revoked.flatMap(({ name, isGone }) => (isGone ? [] : `${name} is revoked and has not destroyed what it has`)),
  ]
  let late = await look()
  while (late.length > 0 && scheduler.now() < began + drainMs && !isFailed()) {
    await scheduler.runUntil(isFailed, 250)
    late = await look()
  }
  history.note('oracle', `drained after ${scheduler.now() - began} ms`)
  history.count('drain ms', scheduler.now() - began)
  verdict.check('I8', late.length === 0, () => late.join('; '))
}

const lateOf = async (
  { sql, journal }: { readonly sql: Sql; readonly journal: Journal },
  devices: readonly SimDevice[],
): Promise<readonly string[]> => {
  const decided = new Set((await sql<{ id: string }>('select id from mutations')).map(({ id }) => id))
  const rows = await sql<{ facility_id: string; position: string }>(
    "select facility_id, position from facility_heads where audience = 'desk'",
  )
  const heads = new Map(rows.map(({ facility_id, position }) => [facility_id, Number(position)]))
  return devices.flatMap((device) => {
    const { store, enrolled } = device
    const reader = device.reader()
    if (!store || !reader) return `${device.name} shows nothing`
    const unsent = store.desk.lastSeq() - store.progress
    if (unsent > 0) return `${device.name} has ${unsent} mutations that are not decided`
    // What its copy has used the number of counts as decided in the log, and is not (SPEC U5).
    const kept = journal.of(device).find(({ envelope }) => !decided.has(envelope.id))
    if (kept) return `${device.name} keeps ${kept.envelope.command} ${kept.envelope.seq} to itself`
    const { position, isOfToday } = reader.state()
    if (isOfToday) return `${device.name} shows only today`
    const head = heads.get(enrolled.facility.id)
    return position === head ? [] : `${device.name} is at ${position} of ${head}`
  })
}
