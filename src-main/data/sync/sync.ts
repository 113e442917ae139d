import { logHeader } from '../../../src-shared/contract/http.ts'
import type { SyncStatus } from '../../../src-shared/contract/ipc.ts'
import { type ErrorData, toErrorData } from '../../../src-shared/errors.ts'
import type { Environment } from '../environment.ts'
import { type Sender, type SenderOptions, startSender } from '../outbox/send.ts'
import type { Removal } from './brake.ts'
import { createHandOver, type HandOver, type HandOverParts } from './hand-over.ts'
import { LogFeed, type LogFeedParts } from './log-feed.ts'

export interface SyncParts
  extends Omit<LogFeedParts, 'onProblem'>, Pick<HandOverParts, 'deviceId' | 'leaseKey' | 'onReleased'> {
  readonly environment: Pick<Environment, 'clock' | 'random' | 'bytes'>
}

/** Both directions: follows the facility log and sends the outbox (DESIGN.md §6). */
export class Sync {
  readonly #parts: SyncParts
  readonly #feed: LogFeed
  #sender: Sender
  #line: Pick<SyncStatus, 'online' | 'problem'> = { online: false, problem: null }
  readonly #handOver: HandOver

  constructor(parts: SyncParts) {
    this.#parts = parts
    this.#sender = this.#startSender()
    this.#handOver = createHandOver({
      ...parts,
      sendAll: () => this.sendAgain(),
      doneUpTo: () => this.#sender.doneUpTo(),
    })
    this.#feed = new LogFeed({
      ...parts,
      onShown: () => this.#onShown(),
      onProblem: (problem) => {
        this.#onRefusal(problem)
        if (problem.code === 'device_revoked') this.revoked()
      },
    })
    this.#feed.begin()
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
    return { ...this.#line, problem: this.#line.problem ?? this.#feed.problem ?? problemOf(this.#sender) }
  }

  get rowsReceived(): number {
    return this.#feed.rowsReceived
  }

  get rowsTotal(): number | undefined {
    return this.#feed.rowsTotal
  }

  get held(): Removal | undefined {
    return this.#feed.held
  }

  acceptRemoval(): void {
    this.#feed.acceptRemoval()
  }

  renew(): void {
    this.#feed.renew()
  }

  stop(): void {
    this.#feed.stop()
    this.#sender.stop()
    this.#handOver.stop()
  }

  /** The server has said that this device is revoked. */
  revoked(): void {
    this.#handOver.begin()
  }

  /** Rows here were other than the server's: it may have lost more than these, so all that is kept goes once more (SPEC H5). */
  sendAgain(): void {
    this.#renewSender({ isAll: true })
  }

  #onShown(): void {
    try {
      // A server that was restored has lost answers which the old sender remembers: ask the log, not the memory (SPEC U8).
      this.#renewSender()
    } finally {
      this.#parts.onShown()
    }
  }

  #renewSender(options?: SenderOptions): void {
    // What cannot begin leaves the old one at work.
    const fresh = this.#startSender(options)
    this.#sender.stop()
    this.#sender = fresh
    this.wake()
  }

  #startSender(options?: SenderOptions): Sender {
    const { store, server, environment } = this.#parts
    return startSender(
      {
        desk: store.desk,
        server: { post: (path, body, answer, more) => server.post(path, body, answer, { ...this.#source(), ...more }) },
        decided: store,
        environment,
        onProblem: (error) => this.#onRefusal(error),
        onFault: this.#parts.onFault,
        replaceHole: async (hole) => {
          const tables = await store.replaceHole(hole)
          if (tables.length > 0) this.#parts.onTables(tables)
        },
        // A log that waits for a person does not ask.
        onRevoked: () => this.revoked(),
      },
      options,
    )
  }

  /** Which log the progress comes from: a server that was restored since sees by it what it has lost. */
  #source(): Readonly<Record<string, string>> {
    const { handle } = this.#parts.store.replica.readState()
    return handle === undefined ? {} : { [logHeader]: handle }
  }

  /** The server answered with a final no, or its answer could not be used: it was reached. A failure here says nothing of that. */
  #onRefusal({ code, message, details }: ErrorData): void {
    const online = isOfThisComputer(code) ? this.#line.online : true
    this.#line = { online, problem: { code, message, details } }
    this.#parts.onStatus()
  }
}

const problemOf = (sender: Sender): ErrorData | null => {
  const error = sender.problem()
  return error && toErrorData(error)
}

const isOfThisComputer = (code: ErrorData['code']): boolean =>
  code.startsWith('disk_') || code === 'database_unreadable'
