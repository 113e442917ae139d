import { useEffect, useEffectEvent } from 'react'
import { emptyScan, type ScanBuffer, stepScan } from './card-scan.ts'

/** Finds what the code is on, and answers how to open it; undefined when it was no card, but typed fast into a field. */
export type FindCard = (code: string, isInField: boolean) => Promise<(() => void) | undefined>

/**
 * Card scanners type like a very fast person and press Enter. This watches the whole window: wherever the focus is, a
 * scanned card opens its family. Outside of fields a letter is held back for as long as a scanner needs for the next one,
 * so that the letters of a code press no shortcuts; in a field the code is taken out again.
 */
export const useCardScan = (findCard: FindCard, isActive = true): void => {
  const find = useEffectEvent(findCard)
  useEffect(() => (isActive ? watchScans((code, isInField) => find(code, isInField)) : undefined), [isActive])
}

/** Longer than the scanner's pause between two characters, shorter than anybody notices. */
const holdMs = 40

type Field = HTMLInputElement | HTMLTextAreaElement

const fieldOf = (target: EventTarget | null): Field | undefined =>
  target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && takesText(target))
    ? target
    : undefined

const takesText = ({ type }: HTMLInputElement): boolean => !/^(?:button|checkbox|radio|submit|reset)$/.test(type)

/** Keys that are held back, and their return to the window as if they were pressed now. */
const createHeldKeys = () => {
  const replayed = new WeakSet<Event>()
  let held: readonly KeyboardEvent[] = []
  let timer: ReturnType<typeof setTimeout> | undefined

  const send = (event: KeyboardEvent): boolean => {
    replayed.add(event)
    return (document.activeElement ?? document.body).dispatchEvent(event)
  }
  const take = (): readonly KeyboardEvent[] => {
    clearTimeout(timer)
    const taken = held
    held = []
    return taken
  }
  const replay = (): void => {
    for (const event of take()) send(new KeyboardEvent('keydown', event))
  }

  return {
    isReplayed: (event: Event) => replayed.has(event),
    isEmpty: () => held.length === 0,
    take,
    replay,
    hold: (event: KeyboardEvent): void => {
      stop(event)
      held = [...held, event]
      clearTimeout(timer)
      timer = setTimeout(replay, holdMs)
    },
    /** A key that was not a scan's after all. */
    pressEnter: (): void => {
      const isLeft = send(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }))
      if (isLeft && document.activeElement instanceof HTMLButtonElement) document.activeElement.click()
    },
  }
}

const watchScans = (find: FindCard): (() => void) => {
  const keys = createHeldKeys()
  let buffer: ScanBuffer = emptyScan
  let before: { readonly field: Field; readonly value: string } | undefined

  const takeCode = async (code: string): Promise<void> => {
    const typedInto = before
    keys.take()
    const open = await find(code, typedInto !== undefined)
    if (!open) {
      keys.pressEnter()
      return
    }
    if (typedInto) setValue(typedInto.field, typedInto.value)
    open()
  }

  const type = (event: KeyboardEvent, next: ScanBuffer): void => {
    const field = fieldOf(event.target)
    const isFirst = next.text.length === 1
    buffer = next
    if (isFirst) before = field && { field, value: field.value }
    if (field || event.key === ' ') return
    if (isFirst) keys.replay()
    keys.hold(event)
  }

  const press = (event: KeyboardEvent): void => {
    buffer = emptyScan
    if (keys.isEmpty()) return
    if (event.key !== 'Enter') keys.replay()
    else {
      stop(event)
      keys.replay()
      setTimeout(keys.pressEnter)
    }
  }

  const listen = (event: KeyboardEvent): void => {
    if (keys.isReplayed(event) || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return
    const step = stepScan(buffer, { key: event.key, at: event.timeStamp })
    if (step.kind === 'typing') type(event, step.buffer)
    else if (step.kind === 'other') press(event)
    else if (step.kind === 'scanned') {
      buffer = emptyScan
      stop(event)
      void takeCode(step.code)
    }
  }

  window.addEventListener('keydown', listen, { capture: true })
  return () => {
    keys.take()
    window.removeEventListener('keydown', listen, { capture: true })
  }
}

const stop = (event: KeyboardEvent): void => {
  event.preventDefault()
  event.stopImmediatePropagation()
}

/** Sets a field's text as typing would, so that React hears of it. */
const setValue = (field: Field, value: string): void => {
  const prototype = field instanceof HTMLInputElement ? HTMLInputElement.prototype : HTMLTextAreaElement.prototype
  Object.getOwnPropertyDescriptor(prototype, 'value')?.set?.call(field, value)
  field.dispatchEvent(new Event('input', { bubbles: true }))
}
