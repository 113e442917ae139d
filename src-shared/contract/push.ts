import { z } from 'zod'
import { appState, syncStatus } from './ipc.ts'

/** What the data process tells the window without being asked. */
const pushes = {
  'tables-changed': z.object({ tables: z.array(z.string()) }),
  'app-state': appState,
  'sync-status': syncStatus,
  'print-jobs': z.object({}),
} as const

type PushName = keyof typeof pushes
type PushData<P extends PushName> = z.output<(typeof pushes)[P]>
export type Push = { [P in PushName]: { readonly push: P; readonly data: PushData<P> } }[PushName]
