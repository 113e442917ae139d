/** Runs what it is given one after the other. */
export type Exclusive = <T>(work: () => Promise<T>) => Promise<T>

export const mutex = (): Exclusive => {
  let last: Promise<unknown> = Promise.resolve()
  return (work) => {
    const next = last.then(work)
    last = next.catch(() => undefined)
    return next
  }
}
