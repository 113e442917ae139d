import type { JWK } from 'jose'
import type { ErrorData } from '../../../src-shared/errors.ts'
import type { Environment } from '../environment.ts'
import { connectServer, type MeasuredServer } from '../sync/server.ts'
import { keepTwice, type Profile, readProfile, writeProfile } from './profile.ts'
import { isRevoked } from './revoked.ts'
import { deviceSealKey, unseal } from './sealed.ts'

export interface DeviceParts {
  readonly folder: string
  readonly deviceSecret: Uint8Array
  readonly environment: Pick<Environment, 'clock' | 'bytes' | 'fetch'>
  readonly onContact: (problem: ErrorData | undefined) => void
  readonly onClock?: () => void
  /** How many mutations are not decided yet, once that is known. */
  readonly waiting?: () => number | undefined
  readonly onFault: (error: unknown) => void
}

/** An enrolled computer: who it is, and its line to the server. */
export interface Device {
  readonly profile: () => Profile
  readonly saveProfile: (profile: Profile) => void
  readonly server: MeasuredServer
}

/** What is known of an enrolled computer whose key this secret does not open: the keychain was lost (FAULTS D16). */
export const lockedProfile = ({ folder, deviceSecret }: LockParts): Profile | undefined => {
  const profile = readProfile(folder)
  return profile && !privateKeyOf(profile, deviceSecret) ? profile : undefined
}

/** Undefined before enrollment, when it is locked, damaged or unreadable, and when it was revoked. */
export const openDevice = (parts: DeviceParts): Device | undefined => {
  let profile = readProfile(parts.folder)
  if (profile && isRevoked(parts.folder, profile)) return undefined
  const privateKey = profile && privateKeyOf(profile, parts.deviceSecret)
  if (!profile || !privateKey) return undefined
  const current = profile
  try {
    keepTwice(parts.folder, profile)
  } catch (error) {
    parts.onFault(error)
  }
  return {
    profile: () => profile ?? current,
    saveProfile(changed) {
      // Also where the disk does not take it: it counts until the program ends.
      profile = changed
      writeProfile(parts.folder, changed)
    },
    server: connectServer({
      url: profile.server_url,
      identity: {
        deviceId: profile.device_id,
        privateKey,
        certificate: profile.certificate,
      },
      environment: parts.environment,
      onContact: parts.onContact,
      ...(parts.onClock && { onClock: parts.onClock }),
      ...(parts.waiting && { waiting: parts.waiting }),
    }),
  }
}

export type LockParts = Pick<DeviceParts, 'folder' | 'deviceSecret'>

const privateKeyOf = (profile: Profile, deviceSecret: Uint8Array): JWK | undefined => {
  const opened = unseal(deviceSealKey(deviceSecret), profile.private_key)
  return opened && (JSON.parse(Buffer.from(opened).toString('utf8')) as JWK)
}
