import { setImmediate } from 'node:timers/promises'
import type { Transaction } from 'kysely'
import { applyCommand } from '../../../src-shared/commands/command.ts'
import { findCommand } from '../../../src-shared/commands/index.ts'
import type { MutationEnvelope } from '../../../src-shared/contract/http.ts'
import { DomainError, toErrorData } from '../../../src-shared/errors.ts'
import { clampHlc } from '../../../src-shared/hlc.ts'
import { type Applier, laterOf, latestHlcOf } from '../../../src-shared/replica/apply.ts'
import type { LogEntry } from '../../../src-shared/replica/log-entry.ts'
import { permissionsOf } from '../../../src-shared/rules/access.ts'
import type { Database } from '../../../src-shared/schema/tables.ts'
import type { Desk } from '../desk/desk.ts'
import type { Profile } from '../device/profile.ts'
import { oneWriter } from '../one-writer.ts'
import { anyRow, type ReadRecorder, readRecorder } from '../replica/read-recorder.ts'
import type { Replica } from '../replica/replica.ts'
import { progressReader } from '../replica/state.ts'
import { diskProblem, type SqliteDatabase } from '../sqlite.ts'
import { planRebase } from './rebase-plan.ts'

export interface Batch {
  readonly entries: readonly LogEntry[]
  readonly position: number
  readonly serverTime: string | undefined
  readonly handle: string | undefined
}

export interface RebaseParts {
  readonly replica: Replica
  readonly applier: Applier
  readonly desk: Desk
  readonly profile: Pick<Profile, 'device_id' | 'facility_id' | 'till'>
}

/** Up to which of our own mutations the replica's log position contains the server's decision. */
export const progressIn = (db: SqliteDatabase, deviceId: string): number => progressReader(db)(deviceId)

/**
 * Applies one batch of the log: the replica goes from log(p) + unsent to log(q) + unsent in one transaction, so own writes
 * never blink (SPEC R1-R4). Only what the batch concerns of the unsent work is undone and run again (R6). Answers with the
 * tables that changed.
 */
export const applyBatch = (parts: RebaseParts, batch: Batch): Promise<readonly string[]> =>
  parts.replica.transact(async (tx) => {
    const { replica, applier } = parts
    const { images, reads, search } = replica.live()
    const touched = new Set(batch.entries.map((entry) => entry.table_name))
    const decided = progressIn(replica.db, parts.profile.device_id)
    const progress = progressAfter(batch, parts.profile.device_id) ?? decided
    const plan = { replica, entries: batch.entries, progress, isRewound: progress < decided }
    const { keptUpTo, restored, applied } = planRebase(plan)

    for (const table of images.undoAfter(keptUpTo)) touched.add(table)
    reads.forgetAfter(keptUpTo)
    for (const row of restored) {
      images.restore(row, progress)
      touched.add(row.table_name)
    }
    applier.apply(applied)
    if (keptUpTo < parts.desk.lastSeq()) for (const table of await replay(tx, parts, keptUpTo)) touched.add(table)
    forgetDecided(parts)
    replica.state.update({
      position: batch.position,
      handle: batch.handle,
      receivedUpTo: batch.serverTime,
      latestHlc: latestHlcOf(batch.entries, latestHlcBefore(parts, batch)),
    })
    if (search.refresh()) touched.add('search_index')
    return [...touched]
  })

/**
 * What writes must be later than, besides this batch. The lead that a wrong clock gave them is over when nothing is unsent: the
 * server takes nothing for later than a minute past its own time, and would order all that is written until then by when it
 * arrives (W5).
 */
const latestHlcBefore = ({ replica, desk, profile }: RebaseParts, { serverTime }: Batch): string | undefined => {
  const { latestHlc } = replica.state.read()
  const isDecided = progressIn(replica.db, profile.device_id) >= desk.lastSeq()
  if (!isDecided || latestHlc === undefined || serverTime === undefined) return latestHlc
  return clampHlc(latestHlc, Date.parse(serverTime))
}

/** What a batch says of this device's work, if anything. */
const progressAfter = ({ entries }: Batch, deviceId: string): number | undefined => {
  const own = entries.findLast(({ table_name, row_id }) => table_name === 'device_progress' && row_id === deviceId)
  return own && Number(own.row?.['last_seq'] ?? 0)
}

/** Before-images and refusals of commands that the server has decided are not needed any more. */
const forgetDecided = ({ replica, profile }: RebaseParts): void => {
  const progress = progressIn(replica.db, profile.device_id)
  const { images, reads } = replica.live()
  images.forgetUpTo(progress)
  reads.forgetUpTo(progress)
  replica.db.prepare('delete from local_refusals where seq <= ?').run(progress)
}

/** So many are read at once, and then others get a turn: they see the replica as it was before. */
const rerunsPerTurn = 100

/** Runs again, in order, what the device did after `seq`. Answers with the tables that changed. */
export const replay = async (
  tx: Transaction<Database>,
  parts: RebaseParts,
  seq: number,
): Promise<readonly string[]> => {
  const { replica, desk } = parts
  const { images } = replica.live()
  const touched = new Set<string>()
  let { latestHlc } = replica.state.read()
  let appliedSeq = seq
  for (;;) {
    const mutations = desk.mutationsAfter(appliedSeq, rerunsPerTurn)
    for (const mutation of mutations) {
      await rerun(tx, parts, mutation)
      for (const table of images.tablesOf(mutation.seq)) touched.add(table)
      latestHlc = laterOf(latestHlc, mutation.hlc)
      appliedSeq = mutation.seq
    }
    if (mutations.length < rerunsPerTurn) break
    await setImmediate()
  }
  replica.state.update({ appliedSeq, latestHlc })
  if (replica.live().search.refresh()) touched.add('search_index')
  return [...touched]
}

/** A rerun that is refused leaves no trace but its reason; it still goes to the server, which decides (DESIGN.md §6.4). */
const rerun = async (tx: Transaction<Database>, parts: RebaseParts, mutation: MutationEnvelope): Promise<void> => {
  const { db } = parts.replica
  const { images, reads } = parts.replica.live()
  const recorder = readRecorder()
  db.exec('savepoint rerun')
  try {
    await images.capture(mutation.seq, () => runEnvelope({ tx, recorder }, parts, mutation))
    db.prepare('delete from local_refusals where seq = ?').run(mutation.seq)
  } catch (error) {
    // A full disk is no refusal: nothing of the batch is kept, and all of it is done again.
    if (isOfTheDisk(error)) throw error
    db.exec('rollback to rerun')
    // What is no rule of ours, but one of the database, can depend on anything.
    if (!(error instanceof DomainError)) reads.remember(mutation.seq, [anyRow])
    db.prepare('insert or replace into local_refusals values (?, ?)').run(
      mutation.seq,
      JSON.stringify(toErrorData(error)),
    )
  }
  db.exec('release rerun')
  reads.remember(mutation.seq, recorder.keys)
}

const isOfTheDisk = (error: unknown): boolean =>
  diskProblem(error) !== undefined || (error instanceof DomainError && error.code === 'database_unreadable')

/** The permissions are those of now; the lease was checked at the click. */
const runEnvelope = async (
  { tx, recorder }: { readonly tx: Transaction<Database>; readonly recorder: ReadRecorder },
  { profile }: RebaseParts,
  mutation: MutationEnvelope,
): Promise<void> => {
  await applyCommand(tx.withPlugin(recorder), findCommand(mutation.command, mutation.version), mutation.args, {
    mutationId: mutation.id,
    at: mutation.at,
    hlc: mutation.hlc,
    staffId: mutation.staff_id,
    deviceId: profile.device_id,
    facilityId: profile.facility_id,
    till: profile.till,
    seriesNumber: mutation.series_number,
    permissions: await permissionsOf(tx, mutation.staff_id, profile.facility_id),
    lock: oneWriter,
  })
}
