import type { Loaded } from './load-snapshot.ts'

interface Stoppable {
  readonly stop: () => void
}

interface SnapshotFirstParts {
  readonly load: (signal: AbortSignal) => Promise<Loaded>
  /** Follows the log from wherever the load has ended. */
  readonly follow: () => Stoppable
  /** The load could not be done now, such as for want of disk, or the log not be followed after it. */
  readonly onEnd: (error: unknown) => void
}

/** Follows the log after a snapshot was loaded, or none could be. */
export const snapshotFirst = ({ load, follow, onEnd }: SnapshotFirstParts): Stoppable => {
  const abort = new AbortController()
  let following: Stoppable | undefined
  const begin = async (): Promise<void> => {
    await load(abort.signal)
    if (!abort.signal.aborted) following = follow()
  }
  begin().catch((error: unknown) => {
    if (!abort.signal.aborted) onEnd(error)
  })
  return {
    stop: () => {
      abort.abort()
      following?.stop()
    },
  }
}
