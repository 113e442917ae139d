import type { AppState, SyncStatus } from '../../src-shared/contract/ipc.ts'
import { DomainError } from '../../src-shared/errors.ts'
import { instantToText } from '../../src-shared/time.ts'
import { coalesced } from './coalesced.ts'
import type { DataProcessParts, SignedInDesk } from './data-process-parts.ts'
import { acceptClosed } from './desk/accept-closed.ts'
import { waitingCount } from './desk/waiting.ts'
import { type Device, openDevice } from './device/device.ts'
import { deviceState } from './device/device-state.ts'
import { enrollDevice, type Enrollment } from './device/enroll.ts'
import { destroyRevoked, finishDestroying, markRevoked } from './device/revoked.ts'
import type { KnownStaff } from './device/profile.ts'
import { type Credentials, renewLease, signIn, type SignInParts } from './device/sign-in.ts'
import { type Engine, startEngine } from './engine.ts'
import { problemMemory } from './health/last-problem.ts'
import { isOldLease, leaseTime } from './lease-time.ts'
import { mutex } from './mutex.ts'
import { whenDamaged } from './replica/damage.ts'
import { readSession, type Session, sessionTables, toSessionState } from './session.ts'
import type { Release } from './sync/hand-over.ts'
import { syncStatus } from './sync-status.ts'

/** What an unlocked device has besides its profile. */
interface Unlocked extends Engine {
  readonly dataKey: Uint8Array
}

/** A load says how far it is a few hundred times a second: nobody reads that fast. */
const statusPauseMs = 50

/** Composes device, store and sync, and knows who is signed in. One per profile. */
export class DataProcess {
  readonly #parts: DataProcessParts
  #device: Device | undefined
  #unlocked: Unlocked | undefined
  #staff: Session['staff'] | undefined
  #session: Session | undefined
  readonly #exclusive = mutex()
  readonly #signingIn = { here: mutex(), there: mutex() }
  readonly #lastProblem = problemMemory(() => this.now)
  readonly pushStatus = coalesced(() => void this.#sendStatus().catch(this.#parts.onFault), statusPauseMs)

  constructor(parts: DataProcessParts) {
    this.#parts = parts
    finishDestroying(parts)
    this.#device = this.#openDevice()
  }

  get #nowMs(): number {
    return this.#parts.environment.clock.now()
  }

  get now(): string {
    return instantToText(this.#nowMs)
  }

  appState(): AppState {
    // What could not be read at the start may be read now.
    this.#device ??= this.#openDevice()
    const profile = this.#device?.profile()
    const { without, ...known } = deviceState(profile, this.#parts)
    return {
      ...known,
      stage: !profile ? without : !this.#staff ? 'signed_out' : this.#session ? 'ready' : 'loading',
      session: profile && this.#session ? toSessionState(this.#session, profile, this.#leaseTime()) : null,
      rows_received: this.#unlocked?.sync.rowsReceived ?? 0,
      rows_total: this.#unlocked?.sync.rowsTotal ?? null,
    }
  }

  async enroll(enrollment: Enrollment): Promise<AppState> {
    const { folder, deviceSecret, environment } = this.#parts
    await enrollDevice({ folder, deviceSecret, environment }, enrollment).catch((error: unknown) => {
      // The code was used up and the disk fails behind it: what is written is an enrolled computer.
      this.#device ??= this.#openDevice()
      if (!this.#device) throw error
      this.#parts.onFault(error)
    })
    this.#device ??= this.#openDevice()
    return this.#announce()
  }

  async signIn(credentials: Credentials): Promise<AppState> {
    const device = this.#enrolled()
    const { staff, dataKey, byServer } = await signIn(() => this.#signInParts(device), credentials, this.#signingIn)
    // One at a time: two windows must not open the databases twice.
    return this.#exclusive(async () => {
      if (this.#enrolled() !== device) throw new DomainError('signed_out', 'This computer was enrolled anew just now.')
      this.#unlocked ??= await this.#unlock(device, dataKey)
      this.#staff = staff
      await this.#readSession()
      if (!byServer && isOldLease(staff, this.#leaseTime()))
        void this.#renewLease(device, credentials, staff).catch(this.#parts.onFault)
      return this.#announce()
    })
  }

  #enrolled(): Device {
    if (!this.#device) throw new DomainError('not_enrolled', 'This computer is not enrolled yet.')
    return this.#device
  }

  signOut(): AppState {
    this.#staff = undefined
    this.#session = undefined
    return this.#announce()
  }

  /** Throws `signed_out`. */
  signedIn(): SignedInDesk {
    if (!this.#device || !this.#unlocked || !this.#session) {
      throw new DomainError('signed_out', 'Nobody is signed in.')
    }
    const { store, sync, health } = this.#unlocked
    return {
      device: this.#device,
      store,
      leaseId: this.#session.staff.lease_id,
      state: toSessionState(this.#session, this.#device.profile(), this.#leaseTime()),
      wake: () => {
        sync.wake()
        health.wrote()
      },
      compare: () => health.ask(),
      acceptRemoval: () => sync.acceptRemoval(),
    }
  }

  async status(): Promise<SyncStatus> {
    return syncStatus({
      engine: this.#unlocked,
      server: this.#device?.server,
      environment: this.#parts.environment,
      lastProblem: this.#lastProblem,
    })
  }

  tablesChanged(tables: readonly string[]): void {
    this.#parts.push({ push: 'tables-changed', data: { tables: [...tables] } })
    this.pushStatus()
    if (tables.some((table) => sessionTables.has(table))) this.#sessionChanged()
  }

  printJobsChanged(): void {
    this.#parts.push({ push: 'print-jobs', data: {} })
  }

  async close(): Promise<void> {
    this.#unlocked?.stop()
    await this.#unlocked?.store.close()
    this.#unlocked = undefined
  }

  #openDevice(): Device | undefined {
    return openDevice({
      ...this.#parts,
      onContact: (problem) => this.#unlocked?.sync.onContact(problem),
      // A lease that was over by a wrong clock may hold after all.
      onClock: coalesced(() => this.#sessionChanged()),
      waiting: () => this.#unlocked && waitingCount(this.#unlocked.store),
    })
  }

  async #unlock(device: Device, dataKey: Uint8Array): Promise<Unlocked> {
    const { folder, environment, onFault } = this.#parts
    const engine = await startEngine({
      folder,
      key: dataKey,
      profile: device.profile(),
      url: device.profile().server_url,
      leaseKey: device.profile().lease_key,
      server: device.server,
      environment,
      onTables: (tables) => this.tablesChanged(tables),
      onShown: () => this.#onShown(),
      onStatus: this.pushStatus,
      onHealth: this.pushStatus,
      onReleased: (release) => void this.#leave(release).catch(onFault),
      onFault,
    })
    return { dataKey, ...engine }
  }

  /** An admin has revoked this computer, and the server has all its work: nothing of the facility stays here (SPEC U7). */
  #leave({ upTo, at }: Release): Promise<void> {
    // Not in the middle of a sign-in, which writes the profile and opens the databases.
    return this.#exclusive(async () => {
      const profile = this.#device?.profile()
      if (!profile) return
      const { folder, environment } = this.#parts
      const decide = (): void => {
        markRevoked({ folder, reserve: environment.reserve }, profile, at)
        this.#unlocked = undefined
        this.#device = undefined
      }
      try {
        await this.#unlocked?.leave(upTo, decide)
      } finally {
        if (!this.#device) {
          this.signOut()
          destroyRevoked(folder)
        }
      }
    })
  }

  #sessionChanged(): void {
    this.#readSession()
      .then(() => this.#announce())
      .catch(this.#parts.onFault)
  }

  #onShown(): void {
    void this.#readSession().then(() => {
      this.#announce()
      this.tablesChanged(['*'])
    }, this.#parts.onFault)
  }

  async #readSession(): Promise<void> {
    const store = this.#unlocked?.store
    const staff = this.#staff
    const session =
      this.#device && staff && store?.replica.readState().isComplete
        ? await readSession(store.replica.reads, staff, this.#device.profile()).catch(whenDamaged)
        : undefined
    // Who signed out, or made place for somebody else, in the meantime must not come back.
    if (this.#staff !== staff) return
    this.#session = session
    if (session) void this.#acceptClosed().catch(this.#parts.onFault)
  }

  async #acceptClosed(): Promise<void> {
    const { store, state, leaseId, wake } = this.signedIn()
    const actor = { staffId: state.staff_id, leaseId, permissions: new Set(state.permissions) }
    const touched = await acceptClosed(store, actor)
    if (touched.length === 0) return
    wake()
    this.tablesChanged(touched)
  }

  #signInParts(device: Device): SignInParts {
    return {
      profile: device.profile,
      // What a sign-in in the background still brings must not come back after everything was destroyed.
      saveProfile: (changed) => {
        if (this.#device === device) device.saveProfile(changed)
      },
      server: device.server,
      deviceSecret: this.#parts.deviceSecret,
      cost: this.#parts.passwordCost,
      dataKey: this.#unlocked?.dataKey,
      now: this.#parts.environment.clock.now,
    }
  }

  /** In the background: a refusal of the server (who left, a changed password) ends what the local unlock began. */
  async #renewLease(device: Device, credentials: Credentials, opened: KnownStaff): Promise<void> {
    const renewed = await renewLease(this.#signInParts(device), credentials, opened)
    // Who has signed in since, be it anew, is not who was asked about.
    if (!renewed || this.#staff?.wrap !== opened.wrap) return
    this.#staff = renewed === 'refused' ? undefined : renewed
    await this.#readSession()
    this.#announce()
  }

  #leaseTime(): string {
    return leaseTime(this.#nowMs, this.#device?.server, this.#unlocked?.store)
  }

  async #sendStatus(): Promise<void> {
    this.#unlocked?.health.look()
    this.#parts.push({ push: 'sync-status', data: await this.status() })
    if (this.#staff && !this.#session) this.#announce()
  }

  #announce(): AppState {
    const data = this.appState()
    this.#parts.push({ push: 'app-state', data })
    return data
  }
}
