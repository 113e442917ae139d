import type { SyncStatus } from '../../src-shared/contract/ipc.ts'
import type { ErrorData } from '../../src-shared/errors.ts'
import { computerState } from './computer-state.ts'
import { waitingCount } from './desk/waiting.ts'
import type { Engine } from './engine.ts'
import type { Environment } from './environment.ts'
import { withoutProof } from './health/facts.ts'
import { idleHealth } from './health/health.ts'
import type { MeasuredServer } from './sync/server.ts'

interface StatusParts {
  /** Undefined until somebody has unlocked this device. */
  readonly engine: Engine | undefined
  /** Undefined before enrollment. */
  readonly server: Pick<MeasuredServer, 'clockAhead'> | undefined
  readonly environment: Pick<Environment, 'reserve'>
  readonly lastProblem: (problem: ErrorData | null) => SyncStatus['last_problem']
}

/** Both directions, the computer itself and the proof of health, as people see them. */
export const syncStatus = ({ engine, server, environment, lastProblem }: StatusParts): SyncStatus => {
  const computer = computerState(engine?.store, server, environment)
  const line = { ...(engine?.sync.line ?? { online: false, problem: null }), ...computer }
  const last_problem = lastProblem(line.problem)
  if (!engine) {
    const nothing = { waiting: 0, received_up_to: null, sent_up_to: null, held: null, other_days: null }
    return { ...line, ...nothing, last_problem, health: idleHealth }
  }
  const { store, sync, health } = engine
  const { receivedUpTo = null, isOfToday, isStale } = store.replica.readState()
  // Damaged, of another version or of today alone: not all of what the log says, whatever was found out before.
  const isInDoubt = store.replica.isDamaged() || isStale
  const oldest = store.desk.mutationsAfter(store.progress, 1)[0]
  return {
    ...line,
    waiting: waitingCount(store),
    received_up_to: receivedUpTo,
    sent_up_to: oldest?.at ?? receivedUpTo,
    held: sync.held ?? null,
    other_days: isOfToday ? { received: sync.rowsReceived, total: sync.rowsTotal ?? null } : null,
    last_problem,
    health: isInDoubt ? withoutProof(health.status) : health.status,
  }
}
