import type { Transaction } from 'kysely'
import { applyCommand } from '../../../src-shared/commands/command.ts'
import { findCommand } from '../../../src-shared/commands/index.ts'
import type { MutationEnvelope } from '../../../src-shared/contract/http.ts'
import { toErrorData } from '../../../src-shared/errors.ts'
import { type Applier, laterOf, latestHlcOf } from '../../../src-shared/replica/apply.ts'
import type { LogEntry } from '../../../src-shared/replica/log-entry.ts'
import { permissionsOf } from '../../../src-shared/rules/access.ts'
import type { Database } from '../../../src-shared/schema/tables.ts'
import type { Desk } from '../desk/desk.ts'
import type { Profile } from '../device/profile.ts'
import { oneWriter } from '../one-writer.ts'
import type { ChangedRow } from '../replica/before-images.ts'
import type { Replica } from '../replica/replica.ts'
import type { SqliteDatabase } from '../sqlite.ts'

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

/**
 * No command writes these, and none that is unsent reads what comes: an item of the inbox was there before it was settled,
 * and never changes. So they may change under unsent commands.
 */
const bookkeeping = new Set(['device_progress', 'mutation_outcomes'])

/** Up to which of our own mutations the replica's log position contains the server's decision. */
export const progressIn = (db: SqliteDatabase, deviceId: string): number =>
  Number(db.prepare('select last_seq from device_progress where id = ?').pluck().get(deviceId) ?? 0)

/**
 * Applies one batch of the log: the replica goes from log(p) + unsent to log(q) + unsent in one transaction, so own writes
 * never blink (SPEC R1-R4). Answers with the tables that changed.
 */
export const applyBatch = (parts: RebaseParts, batch: Batch): Promise<readonly string[]> =>
  parts.replica.transact(async (tx) => {
    const { replica, applier } = parts
    const { images, search } = replica.live()
    const touched = new Set(batch.entries.map((entry) => entry.table_name))

    if (isOwnEcho(parts, batch)) {
      applier.apply(batch.entries.filter((entry) => bookkeeping.has(entry.table_name)))
    } else {
      for (const table of images.undoAfter(0)) touched.add(table)
      applier.apply(batch.entries)
      for (const table of await replay(tx, parts, progressIn(replica.db, parts.profile.device_id))) touched.add(table)
    }
    forgetDecided(parts)
    replica.state.update({
      position: batch.position,
      handle: batch.handle,
      receivedUpTo: batch.serverTime,
      latestHlc: latestHlcOf(batch.entries, replica.state.read().latestHlc),
    })
    if (search.refresh()) touched.add('search_index')
    return [...touched]
  })

/**
 * Whether the batch says nothing but what the replica shows already, and all that the decided commands had shown: the
 * usual answer to our own commands. Then undoing and rerunning the rest would end in the same rows, because the commands
 * are deterministic (SPEC R6). A row of anybody else that is shown already can be the guess of a command that is not
 * decided yet: then what is kept below that guess must change.
 */
const isOwnEcho = ({ replica, applier, profile }: RebaseParts, { entries }: Batch): boolean => {
  if (!entries.every((entry) => bookkeeping.has(entry.table_name) || applier.isShown(entry))) return false
  const own = entries.findLast(
    ({ table_name, row_id }) => table_name === 'device_progress' && row_id === profile.device_id,
  )
  const confirmed = new Set(entries.filter((entry) => !bookkeeping.has(entry.table_name)).map(keyOf))
  const decided = replica.live().images.rowsUpTo(Number(own?.row?.['last_seq'] ?? 0))
  return decided.length === confirmed.size && decided.every((row) => confirmed.has(keyOf(row)))
}

const keyOf = ({ table_name, row_id }: ChangedRow): string => `${table_name}/${row_id}`

/** Before-images and refusals of commands that the server has decided are not needed any more. */
const forgetDecided = ({ replica, profile }: RebaseParts): void => {
  const progress = progressIn(replica.db, profile.device_id)
  replica.live().images.forgetUpTo(progress)
  replica.db.prepare('delete from local_refusals where seq <= ?').run(progress)
}

/** Runs again, in order, what the device did after `seq`. Answers with the tables that changed. */
export const replay = async (
  tx: Transaction<Database>,
  parts: RebaseParts,
  seq: number,
): Promise<readonly string[]> => {
  const { replica, desk } = parts
  const { images } = replica.live()
  const touched = new Set<string>()
  const mutations = desk.mutationsAfter(seq, Number.MAX_SAFE_INTEGER)
  for (const mutation of mutations) {
    await rerun(tx, parts, mutation)
    for (const table of images.tablesOf(mutation.seq)) touched.add(table)
  }
  replica.state.update({
    appliedSeq: Math.max(seq, mutations.at(-1)?.seq ?? 0),
    latestHlc: mutations.reduce((latest, { hlc }) => laterOf(latest, hlc), replica.state.read().latestHlc),
  })
  if (replica.live().search.refresh()) touched.add('search_index')
  return [...touched]
}

/** A rerun that is refused leaves no trace but its reason; it still goes to the server, which decides (DESIGN.md §6.4). */
const rerun = async (tx: Transaction<Database>, parts: RebaseParts, mutation: MutationEnvelope): Promise<void> => {
  const { db } = parts.replica
  db.exec('savepoint rerun')
  try {
    await parts.replica.live().images.capture(mutation.seq, () => runEnvelope(tx, parts, mutation))
    db.prepare('delete from local_refusals where seq = ?').run(mutation.seq)
  } catch (error) {
    db.exec('rollback to rerun')
    db.prepare('insert or replace into local_refusals values (?, ?)').run(
      mutation.seq,
      JSON.stringify(toErrorData(error)),
    )
  }
  db.exec('release rerun')
}

/** The permissions are those of now; the lease was checked at the click. */
const runEnvelope = async (
  tx: Transaction<Database>,
  { profile }: RebaseParts,
  mutation: MutationEnvelope,
): Promise<void> => {
  await applyCommand(tx, findCommand(mutation.command, mutation.version), mutation.args, {
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
