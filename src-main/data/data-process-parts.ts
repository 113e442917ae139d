import type { SessionState } from '../../src-shared/contract/ipc.ts'
import type { Push } from '../../src-shared/contract/push.ts'
import type { Device } from './device/device.ts'
import type { PasswordCost } from './device/sealed.ts'
import type { Environment } from './environment.ts'
import type { Store } from './store.ts'

export interface DataProcessParts {
  readonly folder: string
  /** 32 bytes. */
  readonly deviceSecret: Uint8Array
  readonly passwordCost: PasswordCost
  /** Offered in the enrollment screen; empty when nobody has said. */
  readonly defaultServerUrl: string
  readonly environment: Environment
  readonly push: (push: Push) => void
  readonly onFault: (error: unknown) => void
}

export interface SignedInDesk {
  readonly device: Device
  readonly store: Store
  readonly leaseId: string
  readonly state: SessionState
  readonly wake: () => void
  readonly compare: () => void
  readonly acceptRemoval: () => void
}
