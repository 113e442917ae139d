import { randomBytes } from 'node:crypto'
import { CompactEncrypt, importJWK } from 'jose'
import { type SignInResponse, signInResponse } from '../../../src-shared/contract/http.ts'
import { DomainError } from '../../../src-shared/errors.ts'
import { normalizeSignInName } from '../../../src-shared/sign-in-name.ts'
import type { Exclusive } from '../mutex.ts'
import { instantToText } from '../../../src-shared/time.ts'
import { Outage, type Server } from '../sync/server.ts'
import { type Gate, offlineGate } from './back-off.ts'
import type { KnownStaff, Profile } from './profile.ts'
import { type PasswordCost, passwordKey, seal, unseal } from './sealed.ts'

export interface SignInParts {
  readonly profile: () => Profile
  readonly saveProfile: (profile: Profile) => void
  readonly server: Pick<Server, 'post'>
  readonly deviceSecret: Uint8Array
  readonly cost: PasswordCost
  /** The data key, once somebody has unlocked this computer since its start. */
  readonly dataKey: Uint8Array | undefined
  /** Epoch ms. */
  readonly now: () => number
}

export interface SignedIn {
  readonly dataKey: Uint8Array
  readonly staff: KnownStaff
  /** Whether the server confirmed the password just now, or this computer alone. */
  readonly byServer: boolean
}

export interface Credentials {
  readonly sign_in_name: string
  readonly password: string
}

/** One after the other: tries here, so that each is counted before the next, and questions to the server. */
export interface SigningIn {
  readonly here: Exclusive
  readonly there: Exclusive
}

/**
 * Signs a staff member in: by the wrap on this computer where it opens, which never waits for the network, else by the server.
 * Throws DomainError `wrong_password`, `too_many_attempts`, `needs_internet`, or what the server said.
 */
export const signIn = async (
  parts: () => SignInParts,
  credentials: Credentials,
  { here, there }: SigningIn,
): Promise<SignedIn> =>
  (await here(() => signInHere(parts(), credentials))) ?? there(() => signInThere(parts(), credentials))

/** Undefined where the wrap does not open, or there is none: then only the server can say more. */
const signInHere = async (parts: SignInParts, credentials: Credentials): Promise<SignedIn | undefined> => {
  const known = knownStaffOf(parts, credentials)
  if (!known || gateOf(parts, known).kind === 'online_only') return undefined
  // Before the answer, whatever the server says to it then: each try is one, also at a computer that it answers no more.
  const dataKey = await unlock(parts, known, credentials.password)
  if (!dataKey) {
    countFailure(parts, known)
    return undefined
  }
  if (known.failed_attempts > 0) noteStaff(parts, { ...known, failed_attempts: 0, last_failed_at: null })
  return { dataKey, staff: known, byServer: false }
}

const signInThere = async (parts: SignInParts, credentials: Credentials): Promise<SignedIn> => {
  try {
    return await signInOnline(parts, credentials)
  } catch (error) {
    if (!(error instanceof Outage)) throw error
    const known = knownStaffOf(parts, credentials)
    throw known && gateOf(parts, known).kind !== 'online_only' ? wrongPassword() : needsInternet()
  }
}

/**
 * Asks the server for a new lease for somebody whom this computer let in. `refused` where it does not let them in any more: from
 * now on nor does this computer. Undefined when nobody can say now.
 */
export const renewLease = async (
  parts: SignInParts,
  credentials: Credentials,
  opened: KnownStaff,
): Promise<KnownStaff | 'refused' | undefined> => {
  try {
    return (await signInOnline(parts, credentials)).staff
  } catch (error) {
    if (error instanceof Outage) return undefined
    if (!(error instanceof DomainError)) throw error
    if (error.code !== 'wrong_password' && error.code !== 'forbidden') return undefined
    forgetStaff(parts, opened)
    return 'refused'
  }
}

/** Renews the lease, and makes or renews the wrap for this person on this computer. */
export const signInOnline = async (parts: SignInParts, { sign_in_name, password }: Credentials): Promise<SignedIn> => {
  const { recovery } = parts.profile()
  const credentials = { sign_in_name: normalizeSignInName(sign_in_name), password }
  const answer = await parts.server.post(
    '/v1/sign-in',
    { ...credentials, recovery: parts.dataKey ? null : recovery },
    signInResponse,
  )
  const dataKey = parts.dataKey ?? recoveredKey(answer) ?? (await firstDataKey(parts))
  const staff = await wrapFor(parts, credentials, answer, dataKey)
  parts.saveProfile(withStaff(parts, staff))
  return { dataKey, staff, byServer: true }
}

const wrongPassword = (): DomainError => new DomainError('wrong_password', 'Name or password is wrong.')
const needsInternet = (): DomainError =>
  new DomainError('needs_internet', 'The first sign-in of a person at this computer needs the internet.')

const knownStaffOf = ({ profile }: SignInParts, { sign_in_name }: Credentials): KnownStaff | undefined => {
  const name = normalizeSignInName(sign_in_name)
  return profile().known_staff.find((staff) => normalizeSignInName(staff.sign_in_name) === name)
}

const gateOf = (parts: SignInParts, { failed_attempts, last_failed_at }: KnownStaff): Gate =>
  offlineGate(failed_attempts, failedAtMs(last_failed_at), parts.now())

const failedAtMs = (at: string | null): number => Date.parse(at ?? '1970-01-01')

const unlock = async (parts: SignInParts, known: KnownStaff, password: string): Promise<Uint8Array | undefined> => {
  const { deviceSecret, now } = parts
  const nowMs = now()
  // The clock was ahead when the password was wrong: the wait begins now, and ends some day.
  if (failedAtMs(known.last_failed_at) > nowMs) {
    noteStaff(parts, { ...known, last_failed_at: instantToText(nowMs) })
  }
  const gate = gateOf(parts, known)
  if (gate.kind === 'wait') {
    throw new DomainError('too_many_attempts', 'Too many wrong passwords. Wait a moment.', {
      retry_after_seconds: gate.seconds,
    })
  }
  const key = await passwordKey(password, Buffer.from(known.salt, 'base64url'), known.cost, deviceSecret)
  return unseal(key, known.wrap)
}

const forgetStaff = (parts: SignInParts, { staff_id, wrap }: KnownStaff): void => {
  const profile = parts.profile()
  const known_staff = profile.known_staff.filter((known) => known.staff_id !== staff_id || known.wrap !== wrap)
  note(parts, { ...profile, known_staff })
}

const countFailure = (parts: SignInParts, known: KnownStaff): void =>
  noteStaff(parts, {
    ...known,
    failed_attempts: known.failed_attempts + 1,
    last_failed_at: instantToText(parts.now()),
  })

/** A full disk is no reason to keep out who has done nothing wrong, and none to let others guess on (FAULTS H8). */
const note = (parts: SignInParts, profile: Profile): void => {
  try {
    parts.saveProfile(profile)
  } catch {
    // It is known until the program ends.
  }
}

/** To try a password takes a while: whom the server has refused, or let in anew, meanwhile is not who was tried. */
const noteStaff = (parts: SignInParts, staff: KnownStaff): void => {
  const isStill = ({ staff_id, wrap }: KnownStaff): boolean => staff_id === staff.staff_id && wrap === staff.wrap
  if (parts.profile().known_staff.some(isStill)) note(parts, withStaff(parts, staff))
}

const withStaff = ({ profile }: SignInParts, staff: KnownStaff): Profile => {
  const others = profile().known_staff.filter((other) => other.staff_id !== staff.staff_id)
  return { ...profile(), known_staff: [...others, staff] }
}

const recoveredKey = ({ data_key }: SignInResponse): Uint8Array | undefined =>
  data_key === null ? undefined : Buffer.from(data_key, 'base64url')

/** Made once per enrollment, and sealed to the server at once: a lost wrap must never brick unsent work (wrap W3). */
const firstDataKey = async (parts: SignInParts): Promise<Uint8Array> => {
  const profile = parts.profile()
  if (profile.recovery !== null) {
    throw new DomainError('unexpected', 'The server did not give back the key of this computer.')
  }
  const dataKey = randomBytes(32)
  const recovery = await new CompactEncrypt(dataKey)
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', fac: profile.facility_id })
    .encrypt(await importJWK(profile.recovery_key, 'ECDH-ES'))
  parts.saveProfile({ ...profile, recovery })
  return dataKey
}

const wrapFor = async (
  { cost, deviceSecret }: SignInParts,
  { sign_in_name, password }: Credentials,
  answer: SignInResponse,
  dataKey: Uint8Array,
): Promise<KnownStaff> => {
  const salt = randomBytes(16)
  return {
    staff_id: answer.staff.id,
    sign_in_name,
    name: `${answer.staff.first_name} ${answer.staff.last_name}`,
    salt: salt.toString('base64url'),
    cost,
    wrap: seal(await passwordKey(password, salt, cost, deviceSecret), dataKey),
    lease: answer.lease,
    lease_id: answer.lease_id,
    lease_not_after: answer.lease_not_after,
    failed_attempts: 0,
    last_failed_at: null,
  }
}
