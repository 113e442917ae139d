import { setImmediate } from 'node:timers/promises'
import type { AnyCommand } from '../../src-shared/commands/index.ts'
import { epochOf } from '../../src-shared/contract/handle.ts'
import { DomainError } from '../../src-shared/errors.ts'
import type { LogEntry } from '../../src-shared/replica/log-entry.ts'
import type { Desk } from './desk/desk.ts'
import type { Hole } from './desk/lost-work.ts'
import { openDesk } from './desk/open.ts'
import { reopeningDesk } from './desk/reopening-desk.ts'
import type { Profile } from './device/profile.ts'
import { withReserve } from './disk-reserve.ts'
import type { Disk, Environment } from './environment.ts'
import { mendRows, type Mended } from './health/mend.ts'
import { mutex } from './mutex.ts'
import { type Actor, enqueue, type Saved } from './outbox/enqueue.ts'
import { type Copy, copyOf, dropCopy, namedIn, removeOthers, removeReplaced, replicaFile } from './replica/copies.ts'
import { countPresent } from './replica/count-rows.ts'
import { type Damage, damageOf } from './replica/damage.ts'
import { openShown, type Shown } from './replica/open-shown.ts'
import { openReplica, type Replica } from './replica/replica.ts'
import { initialState, type ReplicaState } from './replica/state.ts'
import type { Loaded } from './snapshot/load-snapshot.ts'
import type { ReplicaFile, ReplicaWork } from './snapshot/replica-work.ts'
import { workInPlace } from './snapshot/work-in-place.ts'
import { catchUp } from './sync/catch-up.ts'
import { loadEntries } from './sync/load-entries.ts'
import { applyBatch, type Batch, progressIn, type RebaseParts, replay } from './sync/rebase.ts'
import { replaceLostBetween, replaceLostWork } from './sync/replace-lost.ts'
import { takeOffUnsent } from './sync/take-off.ts'

export interface StoreParts {
  readonly folder: string
  /** 32 bytes. */
  readonly key: Uint8Array
  readonly profile: Pick<Profile, 'device_id' | 'facility_id' | 'till'>
  readonly environment: Pick<Environment, 'clock' | 'bytes' | 'disk' | 'work' | 'reserve' | 'borrow'>
  /** It is a copy, which nobody keeps: no local write is taken. */
  readonly isReadOnly?: boolean
  /** A page of the shown replica cannot be read: it should be renewed. May be called often. */
  readonly onDamage?: () => void
}

/** The two databases of a device and the only ways to change them, one at a time (DESIGN.md §5). */
export class Store {
  readonly desk: Desk
  readonly isReadOnly: boolean
  readonly #parts: StoreParts
  readonly #disk: Disk
  readonly #work: ReplicaWork
  readonly #oneAtATime = mutex()
  /** What `desk.db` names as the shown one. */
  #generation: number
  readonly #damage: Damage
  #shown: Copy
  /** The replica that a first sync fills: the shown one while there is no other. */
  #loading: Copy | undefined
  /** Not before the first sync has come to its end. */
  #isShowing: boolean
  #isClosed = false

  private constructor(parts: StoreParts, desk: Desk, damage: Damage, shown: Shown) {
    this.#parts = parts
    this.#disk = parts.environment.disk
    this.#work = parts.environment.work ?? workInPlace(this.#disk)
    this.desk = desk
    this.isReadOnly = parts.isReadOnly ?? false
    this.#generation = namedIn(desk)
    this.#damage = damage
    this.#shown = copyOf(shown)
    this.#isShowing = shown.replica.state.read().isComplete
    this.#loading = this.#isShowing ? undefined : this.#shown
  }

  /** Opens both and brings the replica up to what `desk.db` has saved. Throws `database_unreadable` for `desk.db`. */
  static async open(parts: StoreParts): Promise<Store> {
    const { folder, key, environment } = parts
    const { disk } = environment
    const desk = reopeningDesk(() => openDesk(disk, folder, key))
    const damage = damageOf(parts.onDamage ?? (() => undefined))
    let shown: Shown | undefined
    try {
      const generation = namedIn(desk)
      removeReplaced(disk, folder, generation)
      shown = await openShown({ disk, key, fileOf: (each) => replicaFile(folder, each), generation, damage })
      const store = new Store(parts, desk, damage, shown)
      await store.#begin()
      return store
    } catch (error) {
      await shown?.replica.close().catch(() => undefined)
      desk.close()
      throw error
    }
  }

  async #begin(): Promise<void> {
    if (!this.#loading) await this.#show(this.#shown)
    // A damaged page shows what it can until there is another replica.
    await this.#exclusive(() => this.#catchUp()).catch((error: unknown) => {
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

  /** Rows of a replica. Reads all of them. */
  async rowCount(which: 'shown' | 'loading'): Promise<number> {
    const { replica } = which === 'shown' ? this.#shown : this.#loadingCopy()
    const counted = this.#work.countRows({ file: replica.file, key: this.#parts.key })
    // What cannot be read cannot be lost.
    return which === 'shown' ? counted.catch(this.#damage.unless(0)) : counted
  }

  /** How many of these rows are shown. */
  presentRows(rows: readonly LogEntry[]): number {
    return this.#damage.reading(() => countPresent(this.replica.readDb, rows), 0)
  }

  /** Up to which own mutation the log has brought the server's decision. */
  get progress(): number {
    // Without it all is sent again; the server knows what it has.
    return this.#damage.reading(() => this.replica.readProgress(this.#parts.profile.device_id), 0)
  }

  /** In which history of the server that was, if it gives them names. */
  get epoch(): string | undefined {
    return this.#damage.reading(() => epochOf(this.replica.readState().handle), undefined)
  }

  /** A local write; saved when it returns. Throws DomainError when it is refused; then nothing changed. */
  run(command: AnyCommand, args: unknown, actor: Actor): Promise<Saved> {
    const { profile, environment } = this.#parts
    const save = async (): Promise<Saved> => {
      if (this.isReadOnly) throw new DomainError('disk_failing', 'The disk of this computer cannot be written.')
      if (!this.#isShowing) throw new DomainError('unavailable', 'The data of this facility is still coming in.')
      const caughtUp = await this.#catchUp()
      const parts = { replica: this.replica, desk: this.desk, profile, environment }
      const saved = await enqueue(parts, command, args, actor)
      return { ...saved, tables: [...new Set([...caughtUp, ...saved.tables])] }
    }
    return this.#exclusive(() => withReserve(environment.reserve, save))
  }

  /** Applies a batch of the log to the shown replica; answers with the tables that changed. */
  apply(batch: Batch): Promise<readonly string[]> {
    return this.#exclusive(async () => {
      const caughtUp = await this.#catchUp()
      const applied = await applyBatch(this.#rebaseParts(this.#shown), batch)
      return [...new Set([...caughtUp, ...applied])]
    })
  }

  /** Says what is gone between two mutations that are kept (SPEC U9); answers with the tables that changed. */
  replaceHole(hole: Hole): Promise<readonly string[]> {
    return this.#exclusive(async () =>
      this.#isShowing ? replaceLostBetween(this.#rebaseParts(this.#shown), this.#parts.environment, hole) : [],
    )
  }

  /** Puts rows of the shown replica right, if it still is at this place of the log (SPEC H5). */
  mend(entries: readonly LogEntry[], at: Pick<Batch, 'position' | 'handle'>): Promise<Mended | undefined> {
    return this.#exclusive(async () =>
      this.#isShowing ? mendRows(this.#rebaseParts(this.#shown), entries, at) : undefined,
    )
  }

  /** Adds rows of a first sync to the replica that is not shown yet; between two such pieces local writes get their turn. */
  async append(entries: readonly LogEntry[], handle: string | undefined, since = 0): Promise<void> {
    await this.#exclusive(() => loadEntries(this.#loadingCopy(), entries, { handle, since }))
    await setImmediate()
  }

  /** The first sync came to its end: its replica is shown from now on, in place of the old one where there is one. */
  async completeLoad({ position, handle, serverTime }: Omit<Batch, 'entries'>): Promise<void> {
    const fresh = this.#loadingCopy()
    await this.#damage.explaining(async () => {
      if (!fresh.replica.readState().isIndexed) await this.#work.makeIndexes(this.#targetOf(fresh.generation))
      await fresh.replica.complete({ position, handle, receivedUpTo: serverTime })
    })
    await this.#exclusive(async () => {
      const progress = progressIn(fresh.replica.db, this.#parts.profile.device_id)
      await fresh.replica.transact((tx) => {
        takeOffUnsent(fresh.replica)
        return replay(tx, this.#rebaseParts(fresh), progress)
      })
      await replaceLostWork(this.#rebaseParts(fresh), this.#parts.environment)
      // Only now: what failed until here is done once more when the log comes to its end again.
      await this.#show(fresh)
    })
  }

  /** Whether a replica is to be filled that has nothing yet: it can begin with a snapshot. */
  get isEmpty(): boolean {
    return this.#loading !== undefined && this.feedState.handle === undefined
  }

  /** Lets a snapshot fill the next replica (SPEC F10). Loaded, the log goes on in that one, else in the one begun for it. */
  async fillNext(load: (work: ReplicaWork, target: ReplicaFile) => Promise<Loaded>): Promise<Loaded> {
    const generation = this.#loadingCopy().generation + 1
    const loaded = await load(this.#work, this.#targetOf(generation))
    if (loaded === 'stopped') return loaded
    return this.#exclusive(async () => {
      if (loaded === 'none') {
        this.#disk.remove(this.#targetOf(generation).file)
        return loaded
      }
      const before = this.#loadingCopy()
      this.#loading = this.#open(generation)
      if (before !== this.#shown) await dropCopy(this.#disk, before)
      return loaded
    })
  }

  #targetOf(generation: number): ReplicaFile {
    return { file: replicaFile(this.#parts.folder, generation), key: this.#parts.key }
  }

  /** Starts a new replica beside the one that is shown, or anew when none is. */
  startOver(): Promise<void> {
    return this.#exclusive(async () => {
      const isShown = this.#loading === this.#shown
      if (this.#loading) await dropCopy(this.#disk, this.#loading)
      // Where the one that `desk.db` names could not be opened, a later one is shown.
      const generation = isShown ? this.#shown.generation : Math.max(this.#generation, this.#shown.generation) + 1
      // Also what a kill has left of an earlier renewal.
      this.#disk.remove(this.#targetOf(generation).file)
      this.#loading = this.#open(generation)
      if (isShown) this.#shown = this.#loading
    })
  }

  /** Answers whether it is closed: not where `mayClose` says no, which is asked when all that is missing was said (U9). */
  close(mayClose?: () => boolean): Promise<boolean> {
    return this.#exclusive(async () => {
      if (mayClose && !this.#isClosed) await this.#catchUp()
      if (this.#isClosed || mayClose?.() === false) return false
      this.#isClosed = true
      if (this.#loading && this.#loading !== this.#shown) await this.#loading.replica.close()
      await this.replica.close()
      this.desk.close()
      return true
    })
  }

  #exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.#oneAtATime(() => this.#damage.explaining(work))
  }

  #open(generation: number): Copy {
    const replica = openReplica({ disk: this.#disk, ...this.#targetOf(generation), damage: this.#damage })
    if (!replica) throw new Error('A new replica has another shape')
    return copyOf({ replica, generation })
  }

  /** One commit in `desk.db` makes it the one; then the other is not needed any more. */
  async #show(fresh: Copy): Promise<void> {
    const [old, named] = [this.#shown, this.#generation]
    // What a long load brought must survive a power cut, and before `desk.db` names it.
    if (this.#loading === fresh || fresh.generation !== named) fresh.replica.flush()
    if (fresh.generation !== named) this.desk.saveSetting('replica', String(fresh.generation))
    this.#generation = fresh.generation
    this.#shown = fresh
    this.#isShowing = true
    this.#loading = undefined
    if (old !== fresh || fresh.generation !== named) this.#damage.forget()
    // Nothing depends on it any more, whatever the disk says now; the next start removes what is left.
    if (old !== fresh) await old.replica.close().catch(() => undefined)
    const now = (each: number): void => this.#disk.remove(this.#targetOf(each).file)
    const later = async (each: number): Promise<void> => this.#work.forget(this.#targetOf(each))
    void removeOthers({ now, later }, { from: named, shown: fresh.generation })
  }

  #loadingCopy(): Copy {
    if (!this.#loading) throw new Error('No replica is loading')
    return this.#loading
  }

  #rebaseParts(copy: Copy): RebaseParts {
    return { ...copy, desk: this.desk, profile: this.#parts.profile }
  }

  /** What `desk.db` has lost is said before anything is built on it, also where it was rescued just now (FAULTS D7, D8). */
  async #catchUp(): Promise<readonly string[]> {
    if (!this.#isShowing) return []
    const parts = this.#rebaseParts(this.#shown)
    return [...(await replaceLostWork(parts, this.#parts.environment)), ...(await catchUp(parts))]
  }
}
