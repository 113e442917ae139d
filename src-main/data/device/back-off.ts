/** After this many wrong passwords a person waits … */
const freeAttempts = 5
/** … and after this many only the server can let them in (reference/SECURITY.md §3). */
const offlineAttempts = 20
const firstWaitSeconds = 30
const longestWaitSeconds = 3600

export type Gate =
  | { readonly kind: 'open' }
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'online_only' }

/** Whether a password may be tried offline after `failed` wrong ones, the last at `lastFailedMs`. Times in epoch ms. */
export const offlineGate = (failed: number, lastFailedMs: number, nowMs: number): Gate => {
  if (failed >= offlineAttempts) return { kind: 'online_only' }
  if (failed < freeAttempts) return { kind: 'open' }
  const wait = Math.min(firstWaitSeconds * 2 ** (failed - freeAttempts), longestWaitSeconds)
  // A clock that was set back must not open the gate early, nor close it for longer than the wait itself.
  const passed = Math.max(0, (nowMs - lastFailedMs) / 1000)
  return passed >= wait ? { kind: 'open' } : { kind: 'wait', seconds: Math.ceil(wait - passed) }
}
