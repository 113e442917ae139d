/** Who may answer Escape; the one that came last answers first. */
export interface EscapeStack {
  readonly push: (handler: () => void) => () => void
}

export const createEscapeStack = (): EscapeStack => {
  const handlers: (() => void)[] = []
  window.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.defaultPrevented || event.isComposing) return
    handlers.at(-1)?.()
  })
  return {
    push: (handler) => {
      handlers.push(handler)
      return () => void handlers.splice(handlers.lastIndexOf(handler), 1)
    },
  }
}
