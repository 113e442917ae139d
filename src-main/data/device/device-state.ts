import type { AppState } from '../../../src-shared/contract/ipc.ts'
import { lockedProfile, type LockParts } from './device.ts'
import { hasDatabases, type Profile, profileTrouble } from './profile.ts'
import { readRevoked } from './revoked.ts'

type DeviceState = Pick<AppState, 'device' | 'default_server_url' | 'known_staff' | 'revoked'> & {
  /** The stage while there is no profile that opens. */
  readonly without: 'not_enrolled' | 'locked' | 'damaged' | 'unreadable'
}

/** What the window is told of this computer, whether its profile opens or not. */
export const deviceState = (
  profile: Profile | undefined,
  parts: LockParts & { readonly defaultServerUrl: string },
): DeviceState => {
  const locked = profile ? undefined : lockedProfile(parts)
  const known = profile ?? locked
  const revoked = known ? undefined : readRevoked(parts.folder)
  return {
    without: locked ? 'locked' : known ? 'not_enrolled' : withoutProfile(parts.folder, revoked),
    device: known ? { name: known.name, facility_name: known.facility_name } : null,
    revoked: revoked ? { name: revoked.name, facility_name: revoked.facility_name, at: revoked.at } : null,
    default_server_url: (known ?? revoked)?.server_url ?? parts.defaultServerUrl,
    known_staff: (profile?.known_staff ?? []).map(({ sign_in_name, name }) => ({ sign_in_name, name })),
  }
}

/** Whoever sets this computer up anew should know that there is something which only the lost file opens. */
const withoutProfile = (folder: string, revoked: unknown): DeviceState['without'] =>
  profileTrouble(folder) ?? (!revoked && hasDatabases(folder) ? 'damaged' : 'not_enrolled')
