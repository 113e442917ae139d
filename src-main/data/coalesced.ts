/** Runs once for any number of calls in the same turn of the loop. */
export const coalesced = (work: () => void): (() => void) => {
  let isPlanned = false
  return () => {
    if (isPlanned) return
    isPlanned = true
    setImmediate(() => {
      isPlanned = false
      work()
    })
  }
}
