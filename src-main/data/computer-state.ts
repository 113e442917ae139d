import type { SyncStatus } from '../../src-shared/contract/ipc.ts'
import type { Environment } from './environment.ts'
import type { Store } from './store.ts'
import type { MeasuredServer } from './sync/server.ts'

/** What people are told of this computer itself: its disk and its clock. */
export const computerState = (
  store: Pick<Store, 'isReadOnly'> | undefined,
  server: Pick<MeasuredServer, 'clockAhead'> | undefined,
  { reserve }: Pick<Environment, 'reserve'>,
): Pick<SyncStatus, 'disk' | 'clock_ahead_seconds'> => ({
  disk: store?.isReadOnly ? 'read_only' : reserve?.isMissing() ? 'almost_full' : 'fine',
  clock_ahead_seconds: server?.clockAhead() ?? null,
})
