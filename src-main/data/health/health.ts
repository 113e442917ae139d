import {
  type CompareReason,
  type DigestsResponse,
  digestsRequest,
  digestsResponse,
} from '../../../src-shared/contract/health.ts'
import type { HealthFacts, HealthStatus } from '../../../src-shared/contract/ipc.ts'
import { DomainError, type ErrorData, toErrorData } from '../../../src-shared/errors.ts'
import { instantToText } from '../../../src-shared/time.ts'
import type { Environment } from '../environment.ts'
import type { ReplicaState } from '../replica/state.ts'
import type { Store } from '../store.ts'
import { Outage, type Server } from '../sync/server.ts'
import type { Sync } from '../sync/sync.ts'
import { type Outbox, type RestWatch, watchRest } from './at-rest.ts'
import { keepFacts, keptFacts, noFacts, withoutProof } from './facts.ts'
import { type HealthEffect, type HealthEvent, type HealthState, healthStep } from './health-state.ts'
import { type Scanned, scanReplica } from './scan.ts'
import { fetchRows, findWrongRows } from './wrong-rows.ts'

export interface HealthParts {
  readonly store: Pick<Store, 'replica' | 'desk' | 'mend'>
  readonly server: Pick<Server, 'post'>
  readonly environment: Pick<Environment, 'clock' | 'random'>
  readonly outbox: () => Outbox
  /** `renew` fetches the whole replica again; `renewed` is called when that is shown. */
  readonly sync: Pick<Sync, 'renew' | 'sendAgain' | 'revoked'>
  readonly onTables: (tables: readonly string[]) => void
  readonly onStatus: () => void
  readonly onFault: (error: unknown) => void
}

const minute = 60_000
/** At rest for so long before it is compared (SPEC H1). */
const quietMs = minute
const longMs = 60 * minute
const soonMs = 15_000
/** For a person who waits, and for what was put right and must be seen to be. */
const nowMs = 2000
/** Counting all rows again and again for nothing would cost more than it is worth. */
const mostDoublings = 8
/** How often a server that counts is asked again, a second apart, before the count here is worth nothing any more. */
const mostAsks = 60
/** A reading that lasts keeps the write-ahead log growing: it ends when the log has gone on by so much. */
const mostEntriesMissed = 2000
/** Row by row up to here; then fetching everything is quicker. */
const mostRowsToSearch = 50_000
/** How often it is tried to fetch rows at a position that does not go on meanwhile. */
const mostFetches = 8
const mostRemembered = 5

/**
 * Proves that this computer holds what the server has, names what it does not, and mends it (DESIGN.md §6.2). The thin
 * loop around health-state.ts.
 */
export class Health {
  readonly #parts: HealthParts
  #state: HealthState = 'waiting'
  #facts: HealthFacts
  #different: readonly { readonly table: string; readonly rows: number }[] = []
  #problem: ErrorData | undefined
  #progress = 0
  readonly #rest: RestWatch
  /** How often in a row it could not be found out. */
  #laters = 0
  /** When the next comparison without being asked is due, epoch ms. */
  #dueAt = 0
  #cancelTimer = (): void => undefined

  constructor(parts: HealthParts) {
    this.#parts = parts
    this.#rest = watchRest(parts.environment.clock, parts.outbox)
    this.#facts = keptFacts(parts.store.desk)
    this.#wait(soonMs)
  }

  /** A person wants to know now. */
  ask(): void {
    this.#step('asked')
  }

  /** A local write was saved. */
  wrote(): void {
    this.#step('wrote')
  }

  /** Something about the line or the outbox may have changed. */
  look(): void {
    if (this.#rest.hasCome()) this.#step('at_rest')
  }

  /** Another replica is shown, of which nothing is known. */
  renewed(): void {
    const isMended = this.#state === 'renewing'
    this.#dueAt = 0
    // First: whatever becomes of the note, it is compared again.
    this.#step('renewed')
    this.#update(withoutProof(this.#facts))
    if (isMended) this.#remember({ tables: [], everything: true })
  }

  stop(): void {
    this.#step('stop')
  }

  get status(): HealthStatus {
    return {
      ...this.#facts,
      activity: activities[this.#state],
      progress: this.#progress,
      problem: this.#problem ?? null,
    }
  }

  #step(event: HealthEvent): void {
    const { next, effect } = healthStep(this.#state, event)
    const isNews = next !== this.#state || effect !== 'none'
    this.#state = next
    this.#effects[effect]()
    if (isNews) this.#parts.onStatus()
  }

  readonly #effects: Record<HealthEffect, () => void> = {
    none: () => undefined,
    stop: () => this.#cancelTimer(),
    wait_quiet: () => {
      this.#laters = 0
      this.#wait(Math.max(quietMs, this.#dueAt - this.#parts.environment.clock.now()))
    },
    wait_soon: () => {
      this.#wait((this.#state === 'waiting' ? soonMs : nowMs) * 2 ** Math.min(this.#laters, mostDoublings))
      this.#laters += 1
    },
    wait_long: () => this.#waitLong(),
    compare: () => this.#do(() => this.#compare()),
    mend: () => this.#do(() => this.#mend()),
    renew: () => {
      this.#cancelTimer()
      this.#parts.sync.renew()
    },
    give_up: () => {
      const tables = this.#facts.different.join(', ')
      this.#parts.onFault(new Error(`Rows differ from the server's also after fetching all of them: ${tables}`))
      this.#waitLong()
    },
  }

  /** Not all desks at once; and a clock that jumps does not make it wait for years. */
  #wait(milliseconds: number): void {
    const { clock, random } = this.#parts.environment
    this.#cancelTimer()
    this.#cancelTimer = clock.after(Math.min(milliseconds, longMs) * (0.9 + random() / 5), () => this.#step('timer'))
  }

  #waitLong(): void {
    this.#dueAt = this.#parts.environment.clock.now() + longMs
    this.#wait(longMs)
  }

  #do(work: () => Promise<HealthEvent>): void {
    this.#cancelTimer()
    this.#problem = undefined
    void work()
      .catch((error: unknown) => this.#eventOf(error))
      .then((event) => this.#step(event))
      .catch(this.#parts.onFault)
  }

  #eventOf(error: unknown): HealthEvent {
    // Its databases are closed under it.
    if (this.#state === 'stopped') return 'later'
    if (isUnreadable(error)) return 'ruined'
    if (!(error instanceof Outage) && !(error instanceof DomainError)) this.#parts.onFault(error)
    this.#problem = error instanceof Outage ? (error.said ?? notReached) : toErrorData(error)
    // Where the log waits for a person and nothing is sent, nobody else is told.
    if (this.#problem.code === 'device_revoked') this.#parts.sync.revoked()
    return 'later'
  }

  async #compare(): Promise<HealthEvent> {
    if (!this.#rest.canCompare()) return 'later'
    const scanned = await this.#scan()
    if (!scanned) return 'later'
    const answer = await this.#askServer(scanned)
    if (answer?.state !== 'compared') return 'later'
    this.#different = answer.different
    this.#laters = 0
    this.#update({
      compared_at: instantToText(this.#parts.environment.clock.now()),
      compared_up_to: scanned.state.receivedUpTo ?? null,
      different: answer.different.map(({ table }) => table),
      skipped: answer.unknown.length,
    })
    if (answer.different.length === 0) return 'equal'
    return answer.different.some(
      ({ table, rows }) => Math.max(rows, scanned.tables[table]?.rows ?? 0) > mostRowsToSearch,
    )
      ? 'ruined'
      : 'different'
  }

  async #scan(): Promise<Scanned | undefined> {
    const { replica } = this.#parts.store
    try {
      return await scanReplica({
        open: () => replica.openApart(),
        pause: () => this.#pause(0),
        isWanted: (state) => this.#isWanted(replica, state),
        onProgress: (share) => {
          this.#progress = share
          this.#parts.onStatus()
        },
      })
    } catch (error) {
      throw replica.explained(error)
    } finally {
      this.#progress = 0
    }
  }

  #isWanted(replica: Store['replica'], { position }: ReplicaState): boolean {
    if (this.#state === 'stopped' || this.#parts.store.replica !== replica) return false
    return replica.readState().position - position <= mostEntriesMissed
  }

  async #askServer({ handle, state, tables }: Scanned): Promise<DigestsResponse | undefined> {
    const reason = reasons[this.#state] ?? 'rest'
    const body = digestsRequest.parse({ handle, position: state.position, reason, tables })
    for (let asked = 0; asked < mostAsks && this.#state !== 'stopped'; asked += 1) {
      const answer = await this.#parts.server.post('/v1/digests', body, digestsResponse)
      if (answer.state === 'compared') return answer
      await this.#pause(1000)
    }
    return undefined
  }

  /** Which rows, then these as they are at the very position that the replica is at, then all at once (SPEC H4, H5). */
  async #mend(): Promise<HealthEvent> {
    const { store, server } = this.#parts
    const { handle } = store.replica.readState()
    if (handle === undefined) return 'later'
    const parts = { server, handle }
    const tables = this.#different.map(({ table }) => table)
    const wrong = await findWrongRows(parts, store.replica.readDb, tables)
    if (!wrong) return 'unmendable'
    for (let tried = 0; tried < mostFetches; tried += 1) {
      const { position } = store.replica.readState()
      const mended = await store.mend(await fetchRows(parts, wrong, position), { position, handle })
      if (!mended) continue
      const rows = [...mended.rows].map(([table, count]) => ({ table, rows: count }))
      if (rows.length > 0) this.#remember({ tables: rows, everything: false })
      this.#parts.onTables(mended.touched)
      // What counts as sent, here or on a server that was set back, may be among it.
      this.#parts.sync.sendAgain()
      return 'mended'
    }
    return 'unmendable'
  }

  #remember(mended: Omit<HealthFacts['mended'][number], 'at'>): void {
    const at = instantToText(this.#parts.environment.clock.now())
    this.#update({ mended: [{ ...mended, at }, ...this.#facts.mended].slice(0, mostRemembered) })
  }

  #update(change: Partial<HealthFacts>): void {
    this.#facts = { ...this.#facts, ...change }
    keepFacts(this.#parts.store.desk, this.#facts)
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => void this.#parts.environment.clock.after(milliseconds, resolve))
  }
}

/** Before anything is unlocked. */
export const idleHealth: HealthStatus = { ...noFacts, activity: 'none', progress: 0, problem: null }

const notReached: ErrorData = { code: 'unavailable', message: 'The server is not reached.', details: {} }

const isUnreadable = (error: unknown): boolean => error instanceof DomainError && error.code === 'database_unreadable'

const activities: Record<HealthState, HealthStatus['activity']> = {
  waiting: 'none',
  wanted: 'wanted',
  comparing: 'comparing',
  answering: 'comparing',
  mending: 'mending',
  proving: 'comparing',
  unproven: 'wanted',
  renewing: 'renewing',
  confirming: 'comparing',
  unconfirmed: 'wanted',
  stopped: 'none',
}

const reasons: Partial<Record<HealthState, CompareReason>> = {
  answering: 'asked',
  proving: 'mended',
  confirming: 'renewed',
}
