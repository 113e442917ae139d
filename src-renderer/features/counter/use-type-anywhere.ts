import { type RefObject, useEffect, useEffectEvent } from 'react'
import { isLetter } from '../../app/card-scan.ts'
import { useCounter } from './counter-store.ts'

const isElsewhere = (target: EventTarget | null, search: HTMLInputElement | null): boolean =>
  target instanceof HTMLElement && target !== search && target.matches('input, textarea, select, [contenteditable]')

/** Typing goes to the search box, wherever the focus is on this screen; `/` selects what is in it. */
export const useTypeAnywhere = (search: RefObject<HTMLInputElement | null>, isActive: boolean): void => {
  const press = useEffectEvent((event: KeyboardEvent) => {
    const box = search.current
    if (!box || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    if (event.target === box || isElsewhere(event.target, box)) return
    if (event.key === '/') box.select()
    else if (isLetter(event.key) && event.key !== ' ') {
      const { text, type } = useCounter.getState()
      box.focus()
      type(text + event.key)
    } else return
    event.preventDefault()
  })

  useEffect(() => {
    if (!isActive) return undefined
    const listen = (event: KeyboardEvent): void => press(event)
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [isActive])
}
