import { type RefObject, useEffect, useRef } from 'react'

const fadeMs = 1200

/** Lights an element up for a moment when `value` changes under the eyes of the person; not when it appears. */
export const useHighlight = (value: string): RefObject<HTMLElement | null> => {
  const element = useRef<HTMLElement>(null)
  const shown = useRef(value)

  useEffect(() => {
    if (shown.current === value) return
    shown.current = value
    if (window.matchMedia('(prefers-reduced-motion: reduce)').matches) return
    const ground = getComputedStyle(document.documentElement).getPropertyValue('--accent-ground')
    element.current?.animate([{ backgroundColor: ground }, { backgroundColor: ground, offset: 0.4 }, {}], fadeMs)
  }, [value])

  return element
}
