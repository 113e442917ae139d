import { useEffect, useEffectEvent } from 'react'

/** Chromium gives a field that just got the focus its first letter only after the next frame. */
const deafMs = 250

/**
 * Takes the letters that come faster than a field that was just opened can: nobody waits for it who works by keys.
 * `add` appends to the field's text.
 */
export const useEarlyTyping = (add: (letter: string) => void): void => {
  const take = useEffectEvent((event: KeyboardEvent) => {
    if (event.key.length !== 1 || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    event.preventDefault()
    event.stopPropagation()
    add(event.key)
  })

  useEffect(() => {
    const listen = (event: KeyboardEvent): void => take(event)
    const stop = (): void => window.removeEventListener('keydown', listen, true)
    window.addEventListener('keydown', listen, true)
    const timer = setTimeout(stop, deafMs)
    return () => {
      clearTimeout(timer)
      stop()
    }
  }, [])
}
