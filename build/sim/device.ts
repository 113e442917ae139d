import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { AnyCommand } from '../../src-shared/commands/index.ts'
import type { MutationEnvelope } from '../../src-shared/contract/http.ts'
import { DomainError } from '../../src-shared/errors.ts'
import type { Environment } from '../../src-main/data/environment.ts'
import type { Actor } from '../../src-main/data/outbox/enqueue.ts'
import type { Store } from '../../src-main/data/store.ts'
import type { HealthStatus } from '../../src-shared/contract/ipc.ts'
import type { Sync } from '../../src-main/data/sync/sync.ts'
import type { CrashKind, DeviceParts, Fall, Frailty } from './device-parts.ts'
import { environmentOf, isDiskFault } from './device-parts.ts'
import { drawDiskFault } from './disk-faults.ts'
import type { Link } from './network.ts'
import { composeProgram, type Program } from './program.ts'
import { type Reader, readerOf } from './reader.ts'
import { createSimDisk, type SimDisk } from './sim-disk.ts'
import type { Enrolled } from './world.ts'

interface Running extends Program {
  readonly disk: SimDisk
  /** Local writes that have not come to their end. */
  writes: number
}

/** One computer: the real store and the real sync on a simulated disk, clock and line. */
export class SimDevice {
  readonly enrolled: Enrolled
  readonly link: Link
  readonly frailty: Frailty = { kills: 0, diskFaults: 0 }
  /** What its clock is ahead. */
  skewMs = 0
  /** Its clock stands still at this epoch ms. */
  frozenAt: number | undefined
  /** Nothing is left to do for it: an admin has revoked it. */
  isRevoked = false
  /** Leases that nobody gave, used by people here. */
  readonly forgedLeases = new Set<string>()
  /** Nobody is there to start it. */
  isHeld = false
  /** The computer that its disk was copied from. */
  readonly original: SimDevice | undefined
  /** Not before its disk was copied, nor after it was switched off for good. */
  isThere: boolean
  /** Switched off for good. Whatever it has not sent by now stays on its disk. */
  isGone = false
  readonly #parts: DeviceParts<SimDevice>
  /** Of its databases. */
  readonly key: Uint8Array
  #running: Running | undefined
  #disk: SimDisk | undefined
  #starts = 0
  #isStarting = false
  /** Its files are about to be taken. */
  #isFalling = false
  #isDeciding = false
  #reader: Reader | undefined

  constructor(parts: DeviceParts<SimDevice>) {
    this.#parts = parts
    this.enrolled = parts.enrolled
    this.link = parts.link
    this.original = parts.original
    this.isThere = parts.original === undefined
    this.key = parts.original?.key ?? parts.chance.bytes(32)
  }

  get name(): string {
    return this.enrolled.name
  }

  get isOn(): boolean {
    return this.#running !== undefined
  }

  /** Whether a local write has begun and not come to its end. */
  get isWriting(): boolean {
    return (this.#running?.writes ?? 0) > 0
  }

  get store(): Store | undefined {
    return this.#running?.store
  }

  /** Where its files are now. */
  get folder(): string {
    return path.join(this.#parts.folder, `${this.name}-${this.#starts}`)
  }

  /** What it says about the proof of its health. */
  get health(): HealthStatus | undefined {
    return this.#running?.health.status
  }

  /** A person wants to know. */
  compare(): void {
    this.#running?.health.ask()
  }

  now(): number {
    return this.frozenAt ?? this.#parts.scheduler.now() + this.skewMs
  }

  /** Reads what the replica shows, on a connection of its own. Undefined while there is nothing to see. */
  reader(): Reader | undefined {
    const store = this.#running?.store
    if (!store) return undefined
    const { file } = store.replica
    if (!this.#reader?.isOf(file)) {
      this.#reader?.close()
      this.#reader = readerOf(file, this.key)
    }
    return this.#reader.isComplete() ? this.#reader : undefined
  }

  /** A local write. Answers undefined when it was refused, or when the program died over it. */
  async run(command: AnyCommand, args: unknown, actor: Actor): Promise<MutationEnvelope | undefined> {
    const running = this.#running
    if (!running) return undefined
    const { history, scheduler, watcher } = this.#parts
    const began = scheduler.now()
    running.writes += 1
    try {
      const { envelope } = await running.store.run(command, args, actor)
      if (this.#running !== running) return undefined
      history.note(this.name, `saved ${envelope.seq} ${envelope.command}`)
      watcher.saved(this, envelope)
      running.sync.wake()
      running.health.wrote()
      return envelope
    } catch (error) {
      if (this.#running === running) this.judge(command.name, error)
      return undefined
    } finally {
      running.writes -= 1
      history.count('check I9')
      if (scheduler.now() !== began) watcher.failed(this, 'I9: a local write waited', command.name)
    }
  }

  /** Closed for so long. */
  rest(milliseconds: number): void {
    if (this.isOn) void this.stop().then(() => this.#parts.scheduler.after(milliseconds, () => this.start()))
  }

  start(): void {
    if (this.#running || this.#isStarting || this.#isFalling || this.isHeld || !this.isThere) return
    this.#isStarting = true
    void this.#open().finally(() => {
      this.#isStarting = false
    })
  }

  /** Closed by its user. */
  async stop(): Promise<void> {
    const running = this.#running
    if (!running) return
    this.#parts.history.note(this.name, 'closed')
    this.#running = undefined
    this.#closeReader()
    running.health.stop()
    running.sync.stop()
    await running.store.close().catch((error: unknown) => this.#onFault(error))
    // Whatever failed, the files are all that is left.
    running.disk.kill()
    this.#move(running.disk, undefined)
  }

  /** Ends at once; the program starts again after a while. Meanwhile somebody may do something to its files. */
  crash(kind: CrashKind, downMs: number, meanwhile?: () => void): void {
    const disk = this.#disk
    if (!disk) return
    disk.kill()
    this.#fall(disk, { kind, downMs, meanwhile })
  }

  #fall(disk: SimDisk, { kind, downMs, meanwhile }: Fall): void {
    const { scheduler, history, chance, watcher } = this.#parts
    if (this.#disk !== disk) return
    this.#disk = undefined
    this.#isFalling = true
    const running = this.#running
    this.#running = undefined
    history.count(`fault device ${kind}`)
    this.#closeReader()
    // What runs now meets a dead disk; its files are taken when it has given up.
    scheduler.after(0, () => {
      this.#isFalling = false
      running?.health.stop()
      running?.sync.stop()
      const survivors =
        kind === 'power' ? (possible: number) => (chance.happens(50) ? 0 : chance.int(0, possible)) : undefined
      const lost = this.#move(disk, survivors)
      history.note(this.name, `${kind}: ${lost} commits of the replica lost, down for ${downMs} ms`)
      watcher.crashed(this, kind)
      meanwhile?.()
      scheduler.after(downMs, () => this.start())
    })
  }

  #move(disk: SimDisk, survivors: ((possible: number) => number) | undefined): number {
    this.#starts += 1
    if (this.#disk === disk) this.#disk = undefined
    return disk.leaveTo(this.folder, survivors)
  }

  async #open(): Promise<void> {
    const { activity, scheduler, chance, history, watcher } = this.#parts
    mkdirSync(this.folder, { recursive: true })
    let isDead = false
    const disk = createSimDisk({
      touch: activity.touch,
      faultAt: (call) => drawDiskFault({ ...this.#parts, name: this.name, frailty: this.frailty }, call),
      onKill: () => {
        isDead = true
        this.#fall(disk, { kind: chance.happens(50) ? 'power' : 'kill', downMs: chance.int(10, 4000) })
      },
    })
    this.#disk = disk
    const environment = environmentOf(this.#parts, disk, {
      now: () => this.now(),
      isDead: () => isDead || this.#disk !== disk,
    })
    try {
      const running = await this.#compose(disk, environment)
      if (this.#disk !== disk) return
      this.#running = running
      history.note(this.name, `started, ${running.store.desk.lastSeq()} saved, ${running.store.progress} decided`)
      watcher.shown(this)
    } catch (error) {
      if (this.#disk !== disk) return
      if (!isDiskFault(error)) watcher.failed(this, 'could not start', error)
      disk.kill()
      this.#move(disk, undefined)
      scheduler.after(1000, () => this.start())
    }
  }

  async #compose(disk: SimDisk, environment: Environment): Promise<Running> {
    const { watcher } = this.#parts
    const program = await composeProgram({
      enrolled: this.enrolled,
      folder: this.folder,
      key: this.key,
      environment,
      // The client remembers by URL what it knows of a shape; another program has another memory.
      url: `http://${this.name}-${this.#starts}.${this.#parts.folder.replaceAll(/\W/g, '')}.test`,
      onShown: () => watcher.shown(this),
      onStatus: (sync) => {
        watcher.moved(this)
        this.#decideRemoval(sync)
      },
      onHealth: (status) => watcher.compared(this, status),
      onFault: (error) => this.#onFault(error),
    })
    return { disk, writes: 0, ...program }
  }

  /** A person reads that much would be taken away at once, and says that it is right (FAULTS S11). */
  #decideRemoval(sync: Sync | undefined): void {
    const { scheduler, history, chance } = this.#parts
    if (!sync?.held || this.#isDeciding) return
    this.#isDeciding = true
    history.count('removals that a person accepted')
    scheduler.after(chance.int(500, 3000), () => {
      this.#isDeciding = false
      sync.acceptRemoval()
    })
  }

  /** Whether something that failed may have: a refusal, or a fault that we have made. */
  judge(what: string, error: unknown): void {
    const { history, watcher } = this.#parts
    if (error instanceof DomainError) {
      history.count(`refused here ${error.code}`)
      return
    }
    if (!isDiskFault(error)) watcher.failed(this, `${what} failed`, error)
  }

  #onFault(error: unknown): void {
    if (isDiskFault(error)) return
    const { history } = this.#parts
    history.count('fault told by the engine')
    history.note(this.name, `the engine says: ${String(error)}`)
  }

  #closeReader(): void {
    this.#reader?.close()
    this.#reader = undefined
  }
}
