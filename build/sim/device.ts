import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { AnyCommand } from '../../src-shared/commands/index.ts'
import type { MutationEnvelope } from '../../src-shared/contract/http.ts'
import { DomainError } from '../../src-shared/errors.ts'
import type { Engine } from '../../src-main/data/engine.ts'
import type { Environment } from '../../src-main/data/environment.ts'
import type { Actor } from '../../src-main/data/outbox/enqueue.ts'
import type { Store } from '../../src-main/data/store.ts'
import type { CrashKind, DeviceParts, Fall, Frailty } from './device-parts.ts'
import { environmentOf, isDiskFault, standOf } from './device-parts.ts'
import { drawDiskFault } from './disk-faults.ts'
import type { Link } from './network.ts'
import { startProgram } from './program.ts'
import { type Reader, type ShownReader, shownReader } from './reader.ts'
import { removalReader } from './removal-reader.ts'
import { createSimDisk, type SimDisk } from './sim-disk.ts'
import type { Enrolled } from './world.ts'

interface Running extends Engine {
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
  /** By an admin: it hands over what it has, and destroys it. */
  isRevoked = false
  /** Epoch ms by the server's clock. */
  revokedAt = 0
  /** Leases that nobody gave, used by people here. */
  readonly forgedLeases = new Set<string>()
  /** Nobody is there to start it. */
  isHeld = false
  /** The computer that its disk was copied from. */
  readonly original: SimDevice | undefined
  /** Not before its disk was copied, nor when it is gone. */
  isThere: boolean
  /** Switched off for good, with what it has not sent; or revoked, and destroyed when it had sent all. */
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
  readonly #readRemoval: ReturnType<typeof removalReader>
  readonly #shown: ShownReader

  constructor(parts: DeviceParts<SimDevice>) {
    this.#parts = parts
    this.#readRemoval = removalReader(parts)
    this.enrolled = parts.enrolled
    this.link = parts.link
    this.original = parts.original
    this.isThere = parts.original === undefined
    this.key = parts.original?.key ?? parts.chance.bytes(32)
    this.#shown = shownReader(this.key)
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
  get health(): Engine['health']['status'] | undefined {
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
    return store && this.#shown.readerOf(store.replica.file)
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
      if (scheduler.now() !== began) watcher.waited(this, command.name)
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
    this.#shown.close()
    running.stop()
    await running.store.close().catch((error: unknown) => this.#onFault(error))
    // Whatever failed, the files are all that is left; of a computer that fell while it closed they were taken already.
    if (this.#disk === running.disk) this.#putAway(running.disk)
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
    this.#shown.close()
    // What runs now meets a dead disk; its files are taken when it has given up.
    scheduler.after(0, () => {
      this.#isFalling = false
      running?.stop()
      const survivors =
        kind === 'power' ? (possible: number) => (chance.happens(50) ? 0 : chance.int(0, possible)) : undefined
      const lost = this.#move(disk, survivors)
      history.note(this.name, `${kind}: ${lost} commits of the replica lost, down for ${downMs} ms`)
      watcher.crashed(this, kind)
      meanwhile?.()
      scheduler.after(downMs, () => this.start())
    })
  }

  #putAway(disk: SimDisk): void {
    this.#shown.close()
    disk.kill()
    this.#move(disk, undefined)
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
      history.note(this.name, `started, ${standOf(running.store)}`)
      watcher.shown(this)
    } catch (error) {
      if (this.#disk !== disk) return
      if (!isDiskFault(error)) watcher.failed(this, 'could not start', error)
      this.#putAway(disk)
      scheduler.after(1000, () => this.start())
    }
  }

  async #compose(disk: SimDisk, environment: Environment): Promise<Running> {
    const { watcher } = this.#parts
    const running: { engine?: Engine } = {}
    const onShown = (): void => watcher.shown(this)
    running.engine = await startProgram({
      enrolled: this.enrolled,
      folder: this.folder,
      key: this.key,
      environment,
      // The client remembers by URL what it knows of a shape; another program has another memory.
      url: `http://${this.name}-${this.#starts}.${this.#parts.folder.replaceAll(/\W/g, '')}.test`,
      onTables: onShown,
      onShown,
      onStatus: () => {
        watcher.moved(this)
        this.#readRemoval(running.engine?.sync)
      },
      onHealth: () => running.engine && watcher.compared(this, running.engine.health.status),
      onReleased: ({ upTo }) => void this.#leave(upTo).catch((error: unknown) => this.#onFault(error)),
      onFault: (error) => this.#onFault(error),
    })
    return { disk, writes: 0, ...running.engine }
  }

  /** As the data process does it, but for the note that stays. */
  async #leave(upTo: number): Promise<void> {
    const running = this.#running
    if (!running) return
    const { disk, leave } = running
    const hasLeft = await leave(upTo, () => {
      this.#running = undefined
    })
    if (!hasLeft || this.#disk !== disk) return
    this.isGone = true
    this.isThere = false
    this.#parts.history.count('devices destroyed')
    this.#parts.history.note(this.name, 'destroyed what it had')
    this.#putAway(disk)
    rmSync(this.folder, { recursive: true })
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
}
