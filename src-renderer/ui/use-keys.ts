import { useEffect, useEffectEvent } from 'react'
import { flushSync } from 'react-dom'

type Keys = Readonly<Record<string, (event: KeyboardEvent) => void>>

interface Options {
  readonly isActive?: boolean
  /** Also while the focus is in a field: for function keys and combinations, which type nothing. */
  readonly whileTyping?: boolean | 'in empty fields'
}

const isField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(?:TEXTAREA|SELECT)$/.test(target.tagName) || isTextInput(target))

const isTextInput = (target: HTMLElement): boolean =>
  target instanceof HTMLInputElement && !/^(?:button|checkbox|radio|submit|reset)$/.test(target.type)

const isAllowedIn = (field: EventTarget | null, whileTyping: boolean | 'in empty fields'): boolean =>
  whileTyping === true || (whileTyping === 'in empty fields' && field instanceof HTMLInputElement && field.value === '')

/** `A`, `+`, `Enter`, `F2`, `Ctrl+K`. Shift is not asked for: it depends on the keyboard what needs it. */
const nameOf = (event: KeyboardEvent): string => {
  const key = event.key.length === 1 ? event.key.toUpperCase() : event.key
  return event.ctrlKey || event.metaKey ? `Ctrl+${key}` : key
}

/** Keys of the window. A key that was handled does nothing else. */
export const useKeys = (keys: Keys, { isActive = true, whileTyping = false }: Options = {}): void => {
  const press = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented || event.isComposing || event.altKey) return
    if (isField(event.target) && !isAllowedIn(event.target, whileTyping)) return
    const handler = keys[nameOf(event)]
    if (!handler) return
    event.preventDefault()
    // At once: the next key may belong to the field that this one opens.
    flushSync(() => handler(event))
  })

  useEffect(() => {
    if (!isActive) return undefined
    const listen = (event: KeyboardEvent): void => press(event)
    window.addEventListener('keydown', listen)
    return () => window.removeEventListener('keydown', listen)
  }, [isActive])
}
