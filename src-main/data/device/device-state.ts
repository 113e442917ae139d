import type { AppState } from '../../../src-shared/contract/ipc.ts'
import { lockedProfile, type LockParts } from './device.ts'
import type { Profile } from './profile.ts'

type DeviceState = Pick<AppState, 'device' | 'default_server_url' | 'known_staff'> & {
  /** The stage while there is no profile that opens. */
  readonly without: 'not_enrolled' | 'locked'
}

/** What the window is told of this computer, whether its profile opens or not. */
export const deviceState = (
  profile: Profile | undefined,
  parts: LockParts & { readonly defaultServerUrl: string },
): DeviceState => {
  const locked = profile ? undefined : lockedProfile(parts)
  const known = profile ?? locked
  return {
    without: locked ? 'locked' : 'not_enrolled',
    device: known ? { name: known.name, facility_name: known.facility_name } : null,
    default_server_url: known?.server_url ?? parts.defaultServerUrl,
    known_staff: (profile?.known_staff ?? []).map(({ sign_in_name, name }) => ({ sign_in_name, name })),
  }
}
