import { logHeader } from '../../../src-shared/contract/http.ts'
import type { SyncStatus } from '../../../src-shared/contract/ipc.ts'
import type { ErrorData } from '../../../src-shared/errors.ts'
import { type Sender, type SenderOptions, startSender } from '../outbox/send.ts'
import type { Removal } from './brake.ts'
import { LogFeed, type LogFeedParts } from './log-feed.ts'

export interface SyncParts extends Omit<LogFeedParts, 'onProblem'> {
  /** An admin has revoked this device, and the server has all its work up to this number. May be told again. */
  readonly onHandedOver: (upTo: number) => void
}

/** Both directions: follows the facility log and sends the outbox (DESIGN.md §6). */
export class Sync {
  readonly #parts: SyncParts
  readonly #feed: LogFeed
  #sender: Sender
  #line: Pick<SyncStatus, 'online' | 'problem'> = { online: false, problem: null }
  #isHandingOver = false

  constructor(parts: SyncParts) {
    this.#parts = parts
    this.#sender = this.#startSender()
    this.#feed = new LogFeed({
      ...parts,
      onShown: () => this.#onShown(),
      onProblem: (problem) => {
        this.#onRefusal(problem)
        if (problem.code === 'device_revoked') this.#handOver()
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
    return { ...this.#line, problem: this.#line.problem ?? this.#feed.problem }
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
  }

  /** Rows here were other than the server's: it may have lost more than these, so all that is kept goes once more (SPEC H5). */
  sendAgain(): void {
    this.#renewSender({ isAll: true })
  }

  /** For the last time all that is kept goes once more, whatever was answered: afterwards nobody has it (SPEC U7). */
  #handOver(): void {
    if (!this.#isHandingOver) {
      this.#isHandingOver = true
      this.sendAgain()
      return
    }
    // Said again, after the last answer: nobody has taken it back meanwhile.
    const upTo = this.#sender.doneUpTo()
    if (upTo !== undefined) this.#parts.onHandedOver(upTo)
  }

  #onShown(): void {
    // A server that was restored has lost answers which the old sender remembers: ask the log, not the memory (SPEC U8).
    this.#renewSender()
    this.#parts.onShown()
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
      },
      options,
    )
  }

  /** Which log the progress comes from: a server that was restored since sees by it what it has lost. */
  #source(): Readonly<Record<string, string>> {
    const { handle } = this.#parts.store.replica.readState()
    return handle === undefined ? {} : { [logHeader]: handle }
  }

  /** The server answered with a final no, or its answer could not be used: it was reached. */
  #onRefusal(error: ErrorData): void {
    this.#line = { online: true, problem: { code: error.code, message: error.message, details: error.details } }
    this.#parts.onStatus()
  }
}
