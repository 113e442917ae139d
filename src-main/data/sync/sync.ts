import { logHeader } from '../../../src-shared/contract/http.ts'
import type { SyncStatus } from '../../../src-shared/contract/ipc.ts'
import { type ErrorData, toErrorData } from '../../../src-shared/errors.ts'
import type { LogEntry } from '../../../src-shared/replica/log-entry.ts'
import type { Environment } from '../environment.ts'
import { type Sender, startSender } from '../outbox/send.ts'
import { type Loaded, loadSnapshot, offeredSnapshot } from '../snapshot/load-snapshot.ts'
import { snapshotFirst } from '../snapshot/snapshot-first.ts'
import type { Store } from '../store.ts'
import { largeLoss, largeRemoval, type Removal } from './brake.ts'
import { type FeedEvent, knownEntries, positionOf } from './feed.ts'
import type { Server } from './server.ts'
import { refusalOf } from './refusal-of.ts'
import { followLog } from './shape-loop.ts'
import {
  type FeedEffect,
  type FeedState,
  feedStep,
  type FollowEvent,
  type FollowState,
  followStep,
} from './feed-state.ts'

export interface SyncParts {
  readonly store: Store
  readonly url: string
  readonly server: Server
  readonly environment: Pick<Environment, 'clock' | 'random'>
  readonly onTables: (tables: readonly string[]) => void
  /** The first sync came to its end, or a renewed replica is shown. */
  readonly onShown: () => void
  readonly onStatus: () => void
  readonly onFault: (error: unknown) => void
}

/** A pause before the log is followed again after the stream ended for good. */
const restartMs = 5000

/** Entries of one batch, some seconds of work for the thread that local writes need. */
const mostBuffered = 10_000

/** Both directions: follows the facility log and sends the outbox (DESIGN.md §6). The thin loop around feed-state.ts. */
export class Sync {
  readonly #parts: SyncParts
  #state: FeedState
  #buffer: LogEntry[] = []
  #rowsReceived = 0
  #rowsTotal: number | undefined
  /** Not right after the server would not go on from one. */
  #mayUseSnapshot = true
  /** Once for each batch. */
  #mayLeap = true
  #line: Pick<SyncStatus, 'online' | 'problem'> = { online: false, problem: null }
  /** Why no data comes in, also while uploads go through. */
  #feedProblem: ErrorData | null = null
  #sender: Sender
  #held: { readonly removal: Removal; readonly accept: () => void } | undefined
  #followState: FollowState = 'following'
  #loop: { readonly stop: () => void }
  #cancelRestart = (): void => undefined
  #isRenewing = false

  constructor(parts: SyncParts) {
    this.#parts = parts
    this.#state = parts.store.replica.readState().isComplete ? 'live' : 'loading'
    this.#sender = this.#startSender()
    this.#loop = this.#follow()
    if (parts.store.needsRenewal) this.renew()
    this.wake()
  }

  /** A local write was saved. */
  wake(): void {
    this.#sender.notify('wake')
  }

  /** The line to the server changed; undefined means that it answered. */
  onContact(problem: ErrorData | undefined): void {
    const isBack = problem === undefined && !this.#line.online
    this.#line = { online: problem === undefined, problem: problem ?? null }
    if (isBack) this.#sender.notify('contact')
    this.#parts.onStatus()
  }

  get line(): Pick<SyncStatus, 'online' | 'problem'> {
    return { ...this.#line, problem: this.#line.problem ?? this.#feedProblem }
  }

  /** Rows of the first sync so far. */
  get rowsReceived(): number {
    return this.#rowsReceived
  }

  /** How many there are, where the server has said so. */
  get rowsTotal(): number | undefined {
    return this.#rowsTotal === undefined ? undefined : Math.max(this.#rowsTotal, this.#rowsReceived)
  }

  /** What waits for a person's word before it is taken away here (SPEC F7). */
  get held(): Removal | undefined {
    return this.#held?.removal
  }

  acceptRemoval(): void {
    this.#held?.accept()
  }

  /** What is shown is damaged or of another version: a second replica is filled, unless one is already (SPEC F3). */
  renew(): void {
    if (this.#state !== 'renewing') this.#beginAnew()
  }

  stop(): void {
    this.#followStep('stop')
    this.#cancelRestart()
    this.#sender.stop()
    this.#loop.stop()
  }

  readonly #effects: Record<FeedEffect, (event: FeedEvent, handle: string | undefined) => Promise<void>> = {
    append: async (event, handle) => {
      if (event.kind !== 'entries') return
      const entries = knownEntries(event.entries)
      this.#rowsReceived += entries.length
      await this.#parts.store.append(entries, handle)
    },
    buffer: async (event) => {
      if (event.kind !== 'entries') return
      // One by one: an answer can hold more entries than a call may have arguments.
      for (const entry of knownEntries(event.entries)) this.#buffer.push(entry)
      if (this.#buffer.length >= mostBuffered && this.#mayLeap) await this.#leap()
    },
    apply: async (event, handle) => {
      if (event.kind !== 'up-to-date') return
      const entries = this.#buffer
      this.#buffer = []
      this.#mayLeap = true
      await this.#brake(await largeRemoval(entries, () => this.#parts.store.rowCount('shown')))
      const tables = await this.#parts.store.apply({ entries, handle, ...positionOf(event) })
      if (tables.length > 0) this.#parts.onTables(tables)
    },
    show: async (event, handle) => {
      if (event.kind !== 'up-to-date') return
      if (this.#state === 'renewing') {
        const { store } = this.#parts
        await this.#brake(largeLoss(await store.rowCount('shown'), await store.rowCount('loading')))
      }
      await this.#parts.store.completeLoad({ handle, ...positionOf(event) })
      this.#mayUseSnapshot = true
      // A server that was restored has lost answers which the old sender remembers: ask the log, not the memory.
      this.#sender.stop()
      this.#sender = this.#startSender()
      this.wake()
      this.#parts.onShown()
    },
    start_over: async () => {
      this.#rowsReceived = 0
      this.#rowsTotal = undefined
      this.#buffer = []
      // What was held belongs to a replica that is given up: accepting it later must not bring that state back.
      this.#held = undefined
      this.#mayUseSnapshot = this.#state === 'live' || !this.#parts.store.feedState.isIndexed
      await this.#parts.store.startOver()
      if (!this.#mayUseSnapshot || this.#isRenewing) return
      this.#loop.stop()
      this.#loop = this.#follow()
    },
  }

  /** More has come than memory should hold and one transaction should take: a newer snapshot brings it beside (SPEC F11). */
  async #leap(): Promise<void> {
    this.#mayLeap = false
    const offered = await offeredSnapshot({ ...this.#parts, signal: new AbortController().signal })
    const isNewer = (offered?.position ?? 0) > this.#parts.store.feedState.position
    if (isNewer && this.#state === 'live') this.renew()
  }

  async #brake(removal: Removal | undefined): Promise<void> {
    if (!removal) return
    await new Promise<void>((accept) => {
      this.#held = { removal, accept }
      this.#parts.onStatus()
    })
    this.#held = undefined
  }

  async #onEvent(event: FeedEvent, handle: string | undefined): Promise<void> {
    if (this.#followState === 'stopped') return
    this.#requireSameLog(event, handle)
    const { next, effect } = feedStep(this.#state, event.kind)
    await this.#effects[effect](event, handle)
    this.#state = next
    this.#feedProblem = null
    this.#parts.onStatus()
  }

  /**
   * The client can begin anew by itself when it suspects a cache. It says so only by another handle, and what was deleted
   * in between would stay. Throws; then the server is asked from where we are.
   */
  #requireSameLog({ kind }: FeedEvent, handle: string | undefined): void {
    const known = this.#parts.store.feedState.handle
    if (kind === 'must-refetch' || known === undefined || handle === known) return
    throw new Error('The log began anew without a word')
  }

  #startSender(): Sender {
    const { store, server, environment } = this.#parts
    return startSender({
      desk: store.desk,
      server: { post: (path, body, answer) => server.post(path, body, answer, this.#source()) },
      progress: () => store.progress,
      environment,
      onProblem: (error) => this.#onRefusal(error),
      onFault: this.#parts.onFault,
    })
  }

  /** Which log the progress comes from: a server that was restored since sees by it what it has lost. */
  #source(): Readonly<Record<string, string>> {
    const { handle } = this.#parts.store.replica.readState()
    return handle === undefined ? {} : { [logHeader]: handle }
  }

  #follow(): { readonly stop: () => void } {
    if (!this.#mayUseSnapshot || !this.#parts.store.isEmpty) return this.#followLog()
    return snapshotFirst({
      load: (signal) => this.#loadSnapshot(signal),
      follow: () => this.#followLog(),
      onEnd: (error) => this.#onEnd(error),
    })
  }

  #loadSnapshot(signal: AbortSignal): Promise<Loaded> {
    const onProgress = ({ received, total }: Record<'received' | 'total', number>): void => {
      this.#rowsReceived = received
      this.#rowsTotal = total
      this.#parts.onStatus()
    }
    return this.#parts.store.fillNext((work, target) =>
      loadSnapshot({ ...this.#parts, work, signal, onProgress }, target),
    )
  }

  #followLog(): { readonly stop: () => void } {
    const { store, url, server } = this.#parts
    return followLog({
      url,
      server,
      from: store.feedState,
      onEvent: (event, handle) => this.#onEvent(event, handle),
      onEnd: (error) => this.#onEnd(error),
    })
  }

  /** The server answered with a final no, or its answer could not be used: it was reached. */
  #onRefusal(error: ErrorData): void {
    this.#line = { online: true, problem: { code: error.code, message: error.message, details: error.details } }
    this.#parts.onStatus()
  }

  #onEnd(error: unknown): void {
    if (this.#followState === 'stopped') return
    const refusal = refusalOf(error)
    if (!refusal) this.#parts.onFault(error)
    const { code, message, details } = refusal ?? toErrorData(error)
    this.#feedProblem = { code, message, details }
    this.#onRefusal(this.#feedProblem)
    this.#buffer = []
    // Also when it is the replica that loads: that one is filled anew.
    if (refusal?.code === 'database_unreadable' && !this.#isRenewing) this.#beginAnew()
    else this.#followStep('ended')
  }

  #beginAnew(): void {
    if (this.#followState === 'stopped' || this.#isRenewing) return
    this.#isRenewing = true
    this.#loop.stop()
    this.#cancelRestart()
    void this.#onEvent({ kind: 'must-refetch' }, undefined)
      .finally(() => (this.#isRenewing = false))
      .then(
        () => this.#followStep('renewed'),
        (error: unknown) => this.#onEnd(error),
      )
  }

  #followStep(event: FollowEvent): void {
    const { next, effect } = followStep(this.#followState, event)
    this.#followState = next
    if (effect === 'follow') {
      this.#loop = this.#follow()
      if (this.#parts.store.needsRenewal) this.renew()
    }
    if (effect === 'follow_later') {
      this.#cancelRestart = this.#parts.environment.clock.after(restartMs, () => this.#followStep('timer'))
    }
  }
}
