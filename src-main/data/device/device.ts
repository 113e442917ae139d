import type { JWK } from 'jose'
import { DomainError, type ErrorData } from '../../../src-shared/errors.ts'
import type { Environment } from '../environment.ts'
import { connectServer, type Server } from '../sync/server.ts'
import { type Profile, readProfile, writeProfile } from './profile.ts'
import { deviceSealKey, unseal } from './sealed.ts'

export interface DeviceParts {
  readonly folder: string
  readonly deviceSecret: Uint8Array
  readonly environment: Pick<Environment, 'clock' | 'bytes' | 'fetch'>
  readonly onContact: (problem: ErrorData | undefined) => void
  /** How many mutations are not decided yet, once that is known. */
  readonly waiting?: () => number | undefined
}

/** An enrolled computer: who it is, and its line to the server. */
export interface Device {
  readonly profile: () => Profile
  readonly saveProfile: (profile: Profile) => void
  readonly server: Server
}

/** Undefined before enrollment. */
export const openDevice = (parts: DeviceParts): Device | undefined => {
  let profile = readProfile(parts.folder)
  if (!profile) return undefined
  const current = profile
  return {
    profile: () => profile ?? current,
    saveProfile(changed) {
      writeProfile(parts.folder, changed)
      profile = changed
    },
    server: connectServer({
      url: profile.server_url,
      identity: {
        deviceId: profile.device_id,
        privateKey: privateKeyOf(profile, parts.deviceSecret),
        certificate: profile.certificate,
      },
      environment: parts.environment,
      onContact: parts.onContact,
      ...(parts.waiting && { waiting: parts.waiting }),
    }),
  }
}

const privateKeyOf = (profile: Profile, deviceSecret: Uint8Array): JWK => {
  const opened = unseal(deviceSealKey(deviceSecret), profile.private_key)
  if (!opened) {
    throw new DomainError(
      'unexpected',
      'The key of this computer does not open its profile: the profile was copied, or the keychain was lost. Enroll anew.',
    )
  }
  return JSON.parse(Buffer.from(opened).toString('utf8')) as JWK
}
