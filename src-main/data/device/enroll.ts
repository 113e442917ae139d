import { mkdirSync } from 'node:fs'
import { exportJWK, generateKeyPair } from 'jose'
import { enrollResponse } from '../../../src-shared/contract/http.ts'
import { DomainError } from '../../../src-shared/errors.ts'
import type { Environment } from '../environment.ts'
import { Outage, postAnonymous } from '../sync/server.ts'
import { lockedProfile } from './device.ts'
import { type Profile, profileTrouble, readProfile, writeProfile } from './profile.ts'
import { destroyRevoked, forgetRevoked } from './revoked.ts'
import { deviceSealKey, seal } from './sealed.ts'
import { setAside } from './set-aside.ts'

export interface EnrollParts {
  readonly folder: string
  readonly deviceSecret: Uint8Array
  readonly environment: Pick<Environment, 'clock' | 'fetch'>
}

export interface Enrollment {
  readonly code: string
  /** What people call this computer. */
  readonly name: string
  readonly server_url: string
}

/**
 * Enrolls this computer once with a code from an admin: it makes its own key pair and gets its id, facility and receipt
 * series (DESIGN.md §8). One whose keychain was lost gets a new key in the same way, and keeps everything else: the server
 * gives its data key back at the next sign-in (FAULTS D16). Throws DomainError `code_invalid`, `needs_internet`.
 */
export const enrollDevice = async (parts: EnrollParts, { code, name, server_url }: Enrollment): Promise<Profile> => {
  // What another key has closed would be in the way of the new one.
  destroyRevoked(parts.folder)
  const locked = lockedProfile(parts)
  if (profileTrouble(parts.folder) === 'unreadable') {
    throw new DomainError('disk_failing', 'The file device.json of this computer cannot be read now.')
  }
  if (!locked && readProfile(parts.folder)) throw new DomainError('invalid_input', 'This computer is enrolled already.')
  const { publicKey, privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const { kty, crv, x } = await exportJWK(publicKey)
  const url = server_url.replace(/\/+$/, '')
  const answer = await postAnonymous(
    { url, ...parts.environment },
    '/v1/devices/enroll',
    { code: code.trim(), name, public_key: { kty, crv, x }, ...(locked && { device_id: locked.device_id }) },
    enrollResponse,
  ).catch((error: unknown) => {
    if (!(error instanceof Outage)) throw error
    throw new DomainError('needs_internet', 'The server is not reached. Check the address and the internet.')
  })
  const profile: Profile = {
    server_url: url,
    device_id: answer.device_id,
    name,
    facility_id: answer.facility_id,
    facility_name: answer.facility_name,
    audience: answer.audience,
    till: answer.till,
    lease_key: answer.lease_key,
    recovery_key: answer.recovery_key,
    ...(answer.certificate !== undefined && { certificate: answer.certificate }),
    private_key: seal(deviceSealKey(parts.deviceSecret), Buffer.from(JSON.stringify(await exportJWK(privateKey)))),
    recovery: locked?.recovery ?? null,
    // What they were wrapped with is gone: each signs in online once more.
    known_staff: [],
  }
  mkdirSync(parts.folder, { recursive: true, mode: 0o700 })
  if (!locked) setAside(parts.folder)
  writeProfile(parts.folder, profile)
  forgetRevoked(parts.folder)
  return profile
}
