import { type ErrorData, toErrorData } from '../../../src-shared/errors.ts'
import type { LogEntry } from '../../../src-shared/replica/log-entry.ts'
import type { Environment } from '../environment.ts'
import { type Loaded, loadSnapshot, loadTodayFirst, offeredSnapshot } from '../snapshot/load-snapshot.ts'
import { snapshotFirst } from '../snapshot/snapshot-first.ts'
import type { Store } from '../store.ts'
import { largeLoss, largeRemoval, type Removal } from './brake.ts'
import { type FeedEvent, knownEntries, type LogEvent } from './feed.ts'
import { type Feed, type FeedEffect, feedStep } from './feed-state.ts'
import type { Batch } from './rebase.ts'
import { refusalOf } from './refusal-of.ts'
import type { Server } from './server.ts'
import { followLog } from './shape-loop.ts'

export interface LogFeedParts {
  readonly store: Store
  readonly url: string
  readonly server: Server
  readonly environment: Pick<Environment, 'clock' | 'random'>
  readonly onTables: (tables: readonly string[]) => void
  /** The first sync came to its end, or a renewed replica is shown. */
  readonly onShown: () => void
  readonly onStatus: () => void
  /** The stream ended, and is begun again later. */
  readonly onProblem: (problem: ErrorData) => void
  readonly onFault: (error: unknown) => void
}

/** A pause before the log is followed again after the stream ended for good. */
const restartMs = 5000

/** Entries of one batch, some seconds of work for the thread that local writes need. */
const mostBuffered = 10_000

type Effect = (event: FeedEvent, handle: string | undefined) => Promise<void> | void

/** Follows the facility log into the replica (DESIGN.md §6.1). The thin loop around feed-state.ts. */
export class LogFeed {
  readonly #parts: LogFeedParts
  #feed: Feed
  /** Of the batch that is coming. */
  #entries: LogEntry[] = []
  /** How often a batch, or a replica, was given up: whoever has waited looks whether its own still is the one. */
  #round = 0
  /** Where the batch, or the replica, that is whole ends. */
  #end: Omit<Batch, 'entries'> = { position: 0, handle: undefined, serverTime: undefined }
  #rowsReceived = 0
  #rowsTotal: number | undefined
  #problem: ErrorData | null = null
  #held: { readonly removal: Removal; readonly accept: () => void } | undefined
  #loop: { readonly stop: () => void } = { stop: () => undefined }
  #cancelTimer = (): void => undefined

  constructor(parts: LogFeedParts) {
    this.#parts = parts
    const { isComplete } = parts.store.replica.readState()
    const isBehindSnapshot = !isComplete && parts.store.feedState.isIndexed
    this.#feed = {
      state: isComplete ? 'live' : 'filling',
      source: isBehindSnapshot ? 'behind_snapshot' : 'snapshot',
    }
  }

  begin(): void {
    this.#post('timer')
  }

  /** Rows of the first sync so far. */
  get rowsReceived(): number {
    return this.#rowsReceived
  }

  /** How many there are, where the server has said so. */
  get rowsTotal(): number | undefined {
    return this.#rowsTotal === undefined ? undefined : Math.max(this.#rowsTotal, this.#rowsReceived)
  }

  /** Why no data comes in, also while uploads go through. */
  get problem(): ErrorData | null {
    return this.#problem
  }

  /** What waits for a person's word before it is taken away here (SPEC F7). */
  get held(): Removal | undefined {
    return this.#held?.removal
  }

  acceptRemoval(): void {
    this.#held?.accept()
  }

  /** What is shown is damaged or of another version: a second replica is filled, unless one is already (SPEC F8). */
  renew(): void {
    this.#post('damaged')
  }

  stop(): void {
    this.#post('stop')
  }

  readonly #effects: Record<FeedEffect, Effect> = {
    none: () => undefined,
    append: async (event, handle) => {
      if (event.kind !== 'entries') return
      const entries = knownEntries(event.entries)
      this.#rowsReceived += entries.length
      await this.#parts.store.append(entries, handle, event.since)
    },
    buffer: async (event) => {
      if (event.kind !== 'entries') return
      // One by one: an answer can hold more entries than a call may have arguments.
      for (const entry of knownEntries(event.entries)) this.#entries.push(entry)
      if (this.#entries.length >= mostBuffered) await this.#step({ kind: 'crowded' })
    },
    apply: async () => {
      const { store } = this.#parts
      const round = this.#round
      const removal = await largeRemoval(this.#entries, {
        present: (rows) => store.presentRows(rows),
        rows: () => store.rowCount('shown'),
      })
      if (round !== this.#round) return
      await (removal ? this.#step({ kind: 'heavy', removal }) : this.#apply())
    },
    apply_accepted: () => this.#apply(),
    show: async () => {
      const { store } = this.#parts
      const round = this.#round
      const isReplacing = store.replica.readState().isComplete
      const loss = isReplacing && largeLoss(await store.rowCount('shown'), await store.rowCount('loading'))
      if (round !== this.#round) return
      await (loss ? this.#step({ kind: 'heavy', removal: loss }) : this.#show())
    },
    show_accepted: () => this.#show(),
    hold: async (event) => {
      if (event.kind !== 'heavy') return
      await new Promise<void>((accept) => {
        this.#held = { removal: event.removal, accept }
        this.#parts.onStatus()
      })
      this.#held = undefined
      await this.#step({ kind: 'accepted' })
    },
    look_for_snapshot: async () => {
      const line = { ...this.#parts, signal: new AbortController().signal }
      const offered = await offeredSnapshot(line, 'whole')
      const isNewer = (offered?.position ?? 0) > this.#parts.store.feedState.position
      if (isNewer) await this.#step({ kind: 'newer_snapshot' })
    },
    start_over: async () => {
      this.#loop.stop()
      this.#cancelTimer()
      this.#giveUp()
      this.#rowsReceived = 0
      this.#rowsTotal = undefined
      // It belongs to a replica that is given up.
      this.#held = undefined
      try {
        await this.#parts.store.startOver()
      } catch (error) {
        this.#onEnd(error)
        return
      }
      await this.#step({ kind: 'begun' })
    },
    follow: () => {
      this.#cancelTimer()
      this.#loop.stop()
      if (this.#parts.store.needsRenewal) this.renew()
      else this.#loop = this.#follow()
    },
    follow_later: () => {
      this.#cancelTimer()
      this.#cancelTimer = this.#parts.environment.clock.after(restartMs, () => this.#post('timer'))
    },
    end: () => {
      this.#cancelTimer()
      this.#loop.stop()
    },
  }

  async #step(event: FeedEvent, handle?: string): Promise<void> {
    const { next, effect } = feedStep(this.#feed, event.kind)
    this.#feed = next
    await this.#effects[effect](event, handle)
  }

  /** From outside of the stream: nobody waits for what comes of it. */
  #post(kind: 'damaged' | 'unreadable' | 'failed' | 'timer' | 'stop'): void {
    this.#step({ kind }).catch((error: unknown) => this.#onEnd(error))
  }

  async #onLogEvent(event: LogEvent, handle: string | undefined): Promise<void> {
    if (event.kind === 'up-to-date') {
      this.#end = { handle, position: event.position, serverTime: event.serverTime }
    }
    await this.#step(event, handle)
    this.#problem = null
    this.#parts.onStatus()
  }

  /** The batch comes again. */
  #giveUp(): void {
    this.#entries = []
    this.#round += 1
  }

  async #apply(): Promise<void> {
    const entries = this.#entries
    this.#entries = []
    const tables = await this.#parts.store.apply({ entries, ...this.#end })
    if (tables.length > 0) this.#parts.onTables(tables)
  }

  async #show(): Promise<void> {
    await this.#parts.store.completeLoad(this.#end)
    await this.#step({ kind: 'shown' })
    this.#parts.onShown()
    if (this.#parts.store.needsRenewal) this.renew()
  }

  #follow(): { readonly stop: () => void } {
    if (this.#feed.source === 'log' || !this.#parts.store.isEmpty) return this.#followLog()
    return snapshotFirst({
      load: (signal) => this.#loadSnapshot(signal),
      follow: () => this.#followLog(),
      onEnd: (error) => this.#onEnd(error),
    })
  }

  async #loadSnapshot(signal: AbortSignal): Promise<Loaded> {
    const { store } = this.#parts
    const onProgress = ({ received, total }: Record<'received' | 'total', number>): void => {
      this.#rowsReceived = received
      this.#rowsTotal = total
      this.#parts.onStatus()
    }
    const load = store.replica.readState().isComplete ? loadSnapshot : loadTodayFirst
    const loaded = await store.fillNext((work, target) =>
      load({ ...this.#parts, extent: 'whole', work, signal, onProgress }, target),
    )
    if (loaded !== 'loaded') return loaded
    const { isOfToday, position, handle, receivedUpTo } = store.feedState
    if (!isOfToday) {
      await this.#step({ kind: 'loaded' })
      return loaded
    }
    this.#end = { position, handle, serverTime: receivedUpTo }
    await this.#show()
    // A renewal has begun, which brings the rest.
    return 'stopped'
  }

  #followLog(): { readonly stop: () => void } {
    const { store, url, server, environment } = this.#parts
    return followLog({
      url,
      server,
      environment,
      from: store.feedState,
      onEvent: (event, handle) => this.#onLogEvent(event, handle),
      onEnd: (error) => this.#onEnd(error),
    })
  }

  #onEnd(error: unknown): void {
    if (this.#feed.state === 'stopped') return
    const refusal = refusalOf(error)
    if (!refusal) this.#parts.onFault(error)
    const { code, message, details } = refusal ?? toErrorData(error)
    this.#problem = { code, message, details }
    this.#parts.onProblem(this.#problem)
    this.#giveUp()
    // Also when it is the replica that loads: that one is filled anew.
    this.#post(code === 'database_unreadable' ? 'unreadable' : 'failed')
  }
}
