/** Runs once for any number of calls in the same turn of the loop, and not again within `pauseMs` of the last time. */
export const coalesced = (work: () => void, pauseMs = 0): (() => void) => {
  let isPlanned = false
  let lastAt = Number.NEGATIVE_INFINITY
  const run = (): void => {
    isPlanned = false
    lastAt = performance.now()
    work()
  }
  return () => {
    if (isPlanned) return
    isPlanned = true
    const leftMs = lastAt + pauseMs - performance.now()
    if (leftMs > 0) setTimeout(run, leftMs).unref()
    else setImmediate(run)
  }
}
