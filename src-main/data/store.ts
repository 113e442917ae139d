import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { AnyCommand } from '../../src-shared/commands/index.ts'
import { DomainError } from '../../src-shared/errors.ts'
import { type Applier, applierFor, latestHlcOf } from '../../src-shared/replica/apply.ts'
import type { LogEntry } from '../../src-shared/replica/log-entry.ts'
import type { Desk } from './desk/desk.ts'
import { openDesk } from './desk/open.ts'
import { reopeningDesk } from './desk/reopening-desk.ts'
import type { Profile } from './device/profile.ts'
import type { Environment } from './environment.ts'
import { mendRows, type Mended } from './health/mend.ts'
import { mutex } from './mutex.ts'
import { type Actor, enqueue, type Saved } from './outbox/enqueue.ts'
import { countRows } from './replica/count-rows.ts'
import { type Damage, damageOf } from './replica/damage.ts'
import { openShown, type Shown } from './replica/open-shown.ts'
import { openReplica, type Replica } from './replica/replica.ts'
import { initialState, type ReplicaState } from './replica/state.ts'
import { diskProblem } from './sqlite.ts'
import { applyBatch, type Batch, progressIn, type RebaseParts, replay } from './sync/rebase.ts'
import { replaceLostWork } from './sync/replace-lost.ts'

export interface StoreParts {
  readonly folder: string
  /** 32 bytes. */
  readonly key: Uint8Array
  readonly profile: Pick<Profile, 'device_id' | 'facility_id' | 'till'>
  readonly environment: Pick<Environment, 'clock' | 'bytes' | 'disk'>
  /** A page of the shown replica cannot be read: it should be renewed. May be called often. */
  readonly onDamage?: () => void
}

/** Some ten milliseconds of work. */
const entriesPerPiece = 1000

interface Copy extends Shown {
  readonly applier: Applier
}

const copyOf = (shown: Shown): Copy => ({ ...shown, applier: applierFor(shown.replica.db) })

const replicaFile = (folder: string, generation: number): string => path.join(folder, `replica-${generation}.db`)

/** The shown replica by its number. */
const namedIn = (desk: Desk): number => Number(desk.setting('replica') ?? 1)

/** The two databases of a device and the only ways to change them, one at a time (DESIGN.md §5). */
export class Store {
  readonly desk: Desk
  readonly #parts: StoreParts
  readonly #oneAtATime = mutex()
  /** What `desk.db` names as the shown one. */
  #generation: number
  readonly #damage: Damage
  #shown: Copy
  /** The replica that a first sync fills: the shown one while there is no other. */
  #loading: Copy | undefined

  private constructor(parts: StoreParts, desk: Desk, damage: Damage, shown: Shown) {
    this.#parts = parts
    this.desk = desk
    this.#generation = namedIn(desk)
    this.#damage = damage
    this.#shown = copyOf(shown)
    this.#loading = shown.replica.state.read().isComplete ? undefined : this.#shown
  }

  /** Opens both and brings the replica up to what `desk.db` has saved. Throws `database_unreadable` for `desk.db`. */
  static async open(parts: StoreParts): Promise<Store> {
    const { folder, key, environment } = parts
    const { disk } = environment
    const desk = reopeningDesk(() => openDesk(disk, folder, key))
    const damage = damageOf(parts.onDamage ?? (() => undefined))
    try {
      const generation = namedIn(desk)
      // A kill right after a renewal has left it.
      disk.remove(replicaFile(folder, generation - 1))
      const fileOf = (each: number): string => replicaFile(folder, each)
      const shown = await openShown({ disk, key, fileOf, generation, damage })
      const store = new Store(parts, desk, damage, shown)
      await store.#begin()
      return store
    } catch (error) {
      desk.close()
      throw error
    }
  }

  async #begin(): Promise<void> {
    if (!this.#loading) await this.#show(this.#shown)
    // A damaged page shows what it can until there is another replica.
    const begin = async (): Promise<void> => {
      await this.#replaceLost()
      await this.#catchUp()
    }
    await this.#exclusive(begin).catch((error: unknown) => {
      if (!this.#damage.isFound()) throw error
    })
  }

  /** What is shown is damaged, or was carried over from another version: a second replica should be filled. */
  get needsRenewal(): boolean {
    return this.#loading === undefined && (this.#damage.isFound() || this.replica.readState().isStale)
  }

  get replica(): Replica {
    return this.#shown.replica
  }

  /** How far the replica is that the log goes into: the one that loads, where there is one, else the shown one. */
  get feedState(): ReplicaState {
    return this.#damage.reading(() => (this.#loading ?? this.#shown).replica.readState(), initialState)
  }

  /** Rows of the shown replica and of the one that loads. Reads all of them. */
  rowCount(): { readonly shown: number; readonly loading: number } {
    // What cannot be read cannot be lost.
    const shown = this.#damage.isFound() ? 0 : countRows(this.replica.readDb)
    return { shown, loading: this.#loading ? countRows(this.#loading.replica.readDb) : shown }
  }

  /** Up to which own mutation the log has brought the server's decision. */
  get progress(): number {
    // Without it all is sent again; the server knows what it has.
    return this.#damage.reading(() => progressIn(this.replica.readDb, this.#parts.profile.device_id), 0)
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

  /** Puts rows of the shown replica right, if it still is at this place of the log (SPEC H5). */
  mend(entries: readonly LogEntry[], at: Pick<Batch, 'position' | 'handle'>): Promise<Mended | undefined> {
    return this.#exclusive(async () =>
      this.#loading === this.#shown ? undefined : mendRows(this.#rebaseParts(this.#shown), entries, at),
    )
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
    await this.#explained(() => fresh.replica.complete({ position, handle, receivedUpTo: serverTime }))
    await this.#exclusive(async () => {
      const progress = progressIn(fresh.replica.db, this.#parts.profile.device_id)
      await fresh.replica.transact((tx) => replay(tx, this.#rebaseParts(fresh), progress))
      // Only now: what failed until here is done once more when the log comes to its end again.
      await this.#show(fresh)
      await this.#replaceLost()
    })
  }

  /** Starts a new replica beside the one that is shown, or anew when none is. */
  startOver(): Promise<void> {
    return this.#exclusive(async () => {
      const isShown = this.#loading === this.#shown
      if (this.#loading) await this.#loading.replica.close()
      const generation = isShown ? this.#shown.generation : this.#generation + 1
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

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.#oneAtATime(() => this.#explained(work))
  }

  /** An error of the disk is told in words, and damage so that the replica is renewed. */
  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      const explained = this.#damage.explained(error)
      throw diskProblem(explained) ?? explained
    }
  }

  #open(generation: number): Copy {
    const { key } = this.#parts
    const replica = openReplica({ disk: this.#disk, key, file: this.#fileOf(generation), damage: this.#damage })
    if (!replica) throw new Error('A new replica has another shape')
    return copyOf({ replica, generation })
  }

  #fileOf(generation: number): string {
    return replicaFile(this.#parts.folder, generation)
  }

  /** One commit in `desk.db` makes it the one; then the other is not needed any more. */
  async #show(fresh: Copy): Promise<void> {
    const [old, named] = [this.#shown, this.#generation]
    // What a long load brought must survive a power cut, and before `desk.db` names it.
    if (this.#loading === fresh) fresh.replica.flush()
    if (fresh.generation !== named) this.desk.saveSetting('replica', String(fresh.generation))
    this.#generation = fresh.generation
    this.#shown = fresh
    this.#loading = undefined
    if (old !== fresh || fresh.generation !== named) this.#damage.forget()
    // Nothing depends on it any more, whatever the disk says now; the next start removes what is left.
    await this.#dispose(old === fresh ? undefined : old, fresh.generation === named ? undefined : named).catch(
      () => undefined,
    )
  }

  async #dispose(old: Copy | undefined, generation: number | undefined): Promise<void> {
    await old?.replica.close()
    if (generation !== undefined) this.#disk.remove(this.#fileOf(generation))
  }

  /** What `desk.db` has lost is said before anything is built on it (FAULTS D7, D8). */
  async #replaceLost(): Promise<void> {
    if (this.#loading) return
    await replaceLostWork(this.#rebaseParts(this.#shown), this.#parts.environment)
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
