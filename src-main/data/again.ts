interface AgainOptions {
  readonly everyMs: number
  readonly onFault: (error: unknown) => void
}

/** Does the work now and every so often, whatever comes of it; failures in a row are told once. */
export const again = (work: () => Promise<void>, { everyMs, onFault }: AgainOptions): void => {
  let isFailing = false
  const tell = (error: unknown): void => {
    if (!isFailing) onFault(error)
    isFailing = true
  }
  const once = (): void => void work().then(() => (isFailing = false), tell)
  setInterval(once, everyMs).unref()
  once()
}
