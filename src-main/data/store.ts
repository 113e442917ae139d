import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { AnyCommand } from '../../src-shared/commands/index.ts'
import { DomainError } from '../../src-shared/errors.ts'
import { type Applier, applierFor, latestHlcOf } from '../../src-shared/replica/apply.ts'
import type { LogEntry } from '../../src-shared/replica/log-entry.ts'
import { allTables } from '../../src-shared/replica/schema.ts'
import type { Desk } from './desk/desk.ts'
import { openDesk } from './desk/open.ts'
import { reopeningDesk } from './desk/reopening-desk.ts'
import type { Profile } from './device/profile.ts'
import type { Environment } from './environment.ts'
import { mutex } from './mutex.ts'
import { type Actor, enqueue, type Saved } from './outbox/enqueue.ts'
import { openReplica, type Replica } from './replica/replica.ts'
import type { ReplicaState } from './replica/state.ts'
import type { SqliteDatabase } from './sqlite.ts'
import { applyBatch, type Batch, progressIn, type RebaseParts, replay } from './sync/rebase.ts'

export interface StoreParts {
  readonly folder: string
  /** 32 bytes. */
  readonly key: Uint8Array
  readonly profile: Pick<Profile, 'device_id' | 'facility_id' | 'till'>
  readonly environment: Pick<Environment, 'clock' | 'bytes' | 'disk'>
}

/** Some ten milliseconds of work. */
const entriesPerPiece = 1000

interface Copy {
  readonly replica: Replica
  readonly applier: Applier
}

/** The two databases of a device and the only ways to change them, one at a time (DESIGN.md §5). */
export class Store {
  readonly desk: Desk
  readonly #parts: StoreParts
  readonly #exclusive = mutex()
  #generation: number
  #shown: Copy
  /** The replica that a first sync fills: the shown one while there is no other. */
  #loading: Copy | undefined

  private constructor(parts: StoreParts) {
    this.#parts = parts
    this.desk = reopeningDesk(() => openDesk(parts.environment.disk, parts.folder, parts.key))
    this.#generation = Number(this.desk.setting('replica') ?? 1)
    // A kill right after a renewal has left it.
    this.#disk.remove(this.#fileOf(this.#generation - 1))
    this.#shown = this.#open(this.#generation)
    this.#loading = this.#shown.replica.state.read().isComplete ? undefined : this.#shown
  }

  /** Opens both and brings the replica up to what `desk.db` has saved. Throws `database_unreadable` for `desk.db`. */
  static async open(parts: StoreParts): Promise<Store> {
    const store = new Store(parts)
    await store.#catchUp()
    return store
  }

  get replica(): Replica {
    return this.#shown.replica
  }

  /** How far the replica is that the log goes into: the one that loads, where there is one, else the shown one. */
  get feedState(): ReplicaState {
    return (this.#loading ?? this.#shown).replica.readState()
  }

  /** Rows of the shown replica and of the one that loads. Reads all of them. */
  rowCount(): { readonly shown: number; readonly loading: number } {
    const shown = countRows(this.replica.readDb)
    return { shown, loading: this.#loading ? countRows(this.#loading.replica.readDb) : shown }
  }

  /** Up to which own mutation the log has brought the server's decision. */
  get progress(): number {
    return progressIn(this.replica.readDb, this.#parts.profile.device_id)
  }

  /** A local write; saved when it returns. Throws DomainError when it is refused; then nothing changed. */
  run(command: AnyCommand, args: unknown, actor: Actor): Promise<Saved> {
    return this.#exclusive(async () => {
      if (this.#loading === this.#shown) {
        throw new DomainError('unavailable', 'The data of this facility is still coming in.')
      }
      const caughtUp = await this.#catchUp()
      const { profile, environment } = this.#parts
      const parts = { replica: this.replica, desk: this.desk, profile, environment }
      const saved = await enqueue(parts, command, args, actor)
      return { ...saved, tables: [...new Set([...caughtUp, ...saved.tables])] }
    })
  }

  /** Applies a batch of the log to the shown replica; answers with the tables that changed. */
  apply(batch: Batch): Promise<readonly string[]> {
    return this.#exclusive(async () => {
      const caughtUp = await this.#catchUp()
      const applied = await applyBatch(this.#rebaseParts(this.#shown), batch)
      return [...new Set([...caughtUp, ...applied])]
    })
  }

  /** Adds rows of a first sync to the replica that is not shown yet, in pieces that local writes get in between. */
  async append(entries: readonly LogEntry[], handle: string | undefined): Promise<void> {
    for (let from = 0; from < entries.length; from += entriesPerPiece) {
      await this.#exclusive(async () => this.#load(entries.slice(from, from + entriesPerPiece), handle))
      await setImmediate()
    }
  }

  async #load(entries: readonly LogEntry[], handle: string | undefined): Promise<void> {
    const { replica, applier } = this.#loadingCopy()
    await replica.transact(async () => {
      applier.load(entries)
      const { latestHlc } = replica.state.read()
      replica.state.update({
        position: entries.at(-1)?.position ?? 0,
        handle,
        latestHlc: latestHlcOf(entries, latestHlc),
      })
    })
  }

  /** The first sync came to its end: its replica is shown from now on, in place of the old one where there is one. */
  async completeLoad({ position, handle, serverTime }: Omit<Batch, 'entries'>): Promise<void> {
    const fresh = this.#loadingCopy()
    await fresh.replica.complete({ position, handle, receivedUpTo: serverTime })
    await this.#exclusive(async () => {
      const progress = progressIn(fresh.replica.db, this.#parts.profile.device_id)
      await fresh.replica.transact((tx) => replay(tx, this.#rebaseParts(fresh), progress))
      // Only now: what failed until here is done once more when the log comes to its end again.
      if (fresh === this.#shown) this.#loading = undefined
      else await this.#replaceShown(fresh)
    })
  }

  /** Starts a new replica beside the one that is shown, or anew when none is. */
  startOver(): Promise<void> {
    return this.#exclusive(async () => {
      const isShown = this.#loading === this.#shown
      if (this.#loading) await this.#loading.replica.close()
      const generation = isShown ? this.#generation : this.#generation + 1
      // Also what a kill has left of an earlier renewal.
      this.#disk.remove(this.#fileOf(generation))
      this.#loading = this.#open(generation)
      if (isShown) this.#shown = this.#loading
    })
  }

  close(): Promise<void> {
    return this.#exclusive(async () => {
      if (this.#loading && this.#loading !== this.#shown) await this.#loading.replica.close()
      await this.replica.close()
      this.desk.close()
    })
  }

  get #disk(): Environment['disk'] {
    return this.#parts.environment.disk
  }

  #open(generation: number): Copy {
    const replica = openReplica(this.#disk, this.#fileOf(generation), this.#parts.key)
    return { replica, applier: applierFor(replica.db) }
  }

  #fileOf(generation: number): string {
    return path.join(this.#parts.folder, `replica-${generation}.db`)
  }

  async #replaceShown(fresh: Copy): Promise<void> {
    const old = this.#shown
    this.desk.saveSetting('replica', String(this.#generation + 1))
    this.#generation += 1
    this.#shown = fresh
    this.#loading = undefined
    await old.replica.close()
    this.#disk.remove(old.replica.file)
  }

  #loadingCopy(): Copy {
    if (!this.#loading) throw new Error('No replica is loading')
    return this.#loading
  }

  #rebaseParts(copy: Copy): RebaseParts {
    return { ...copy, desk: this.desk, profile: this.#parts.profile }
  }

  /**
   * The log knows more of this device than `desk.db`: the computer was set back to an older state. Numbers that it drew
   * before would never be sent, because they count as decided (SPEC U6).
   */
  #skipUsedNumbers(): void {
    const { db } = this.replica
    const { device_id, till } = this.#parts.profile
    const progress = progressIn(db, device_id)
    if (progress <= this.desk.lastSeq()) return
    const receipt = db.prepare('select max(number) from receipts where till_id = ?').pluck().get(till.id)
    this.desk.skipTo({ mutation: progress + 1, receipt: Number(receipt ?? 0) + 1 })
  }

  /**
   * Runs what `desk.db` has and the replica has not: after a crash, or a commit of the replica that failed. Answers with
   * the tables that changed.
   */
  async #catchUp(): Promise<readonly string[]> {
    if (this.#loading === this.#shown) return []
    this.#skipUsedNumbers()
    const { appliedSeq } = this.replica.state.read()
    if (appliedSeq === this.desk.lastSeq()) return []
    const from = Math.max(appliedSeq, progressIn(this.replica.db, this.#parts.profile.device_id))
    return this.replica.transact((tx) => replay(tx, this.#rebaseParts(this.#shown), from))
  }
}

const countRows = (db: SqliteDatabase): number =>
  allTables.reduce((sum, { name }) => sum + Number(db.prepare(`select count(*) from "${name}"`).pluck().get()), 0)
