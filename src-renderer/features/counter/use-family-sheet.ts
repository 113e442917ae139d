import { type KeyboardEvent, type RefObject, useEffect, useEffectEvent } from 'react'
import type { ErrorData } from '../../../src-shared/errors.ts'
import type { FamilySheet } from '../../../src-shared/queries/family.ts'
import { usePaymentSheet } from '../../app/payment-sheet.ts'
import { useMay } from '../../app/use-app-state.ts'
import { useKeys } from '../../ui/use-keys.ts'
import { useCounter } from './counter-store.ts'
import { type Place, placesOf } from './places.ts'
import { useCounterCommands } from './use-counter-commands.ts'

export interface SheetActions {
  /** Enter: checks in all ticked, or is done when nobody is. */
  readonly enter: () => void
  readonly pay: () => void
  readonly history: () => void
  readonly collect: (guardian: { readonly id: string; readonly name: string } | null) => void
}

interface OpenFamily {
  readonly places: readonly Place[]
  readonly error: ErrorData | undefined
  readonly actions: SheetActions
  readonly onKeyDown: (event: KeyboardEvent) => void
}

/** Keys, focus and commands of the family sheet. */
export const useFamilySheet = (family: FamilySheet, sheet: RefObject<HTMLElement | null>): OpenFamily => {
  const { ticks, isCheckingOut, setCheckingOut, finish } = useCounter()
  const { checkIn, checkOut, error } = useCounterCommands()
  const { view, show } = usePaymentSheet()
  const may = useMay()
  const places = placesOf(family, ticks)
  const present = places.filter((place) => place.state === 'in')
  const ticked = places.filter((place) => place.isTicked)
  const isOnTop = view === undefined

  const actions: SheetActions = {
    enter: () => {
      if (isCheckingOut) return
      if (ticked.length > 0) void checkIn(ticked)
      else finish()
    },
    pay: () => show({ kind: 'pay', familyId: family.family_id }),
    history: () => show({ kind: 'history', familyId: family.family_id }),
    collect: (guardian) => void checkOut(present, guardian),
  }
  const canPay = family.balance !== null && may('payments.take')
  useKeys({ P: actions.pay }, { isActive: isOnTop && canPay })
  useKeys({ H: actions.history }, { isActive: isOnTop && family.balance !== null })
  useKeys({ O: () => setCheckingOut(!isCheckingOut) }, { isActive: isOnTop && present.length > 0 })

  useFocusInside(sheet, isOnTop)
  return { places, error, actions, onKeyDown: (event) => pressIn(event, sheet.current, actions.enter) }
}

/** The focus is on the first tick, else on the main button; also after the live data took its place away. */
const useFocusInside = (sheet: RefObject<HTMLElement | null>, isOnTop: boolean): void => {
  const settle = useEffectEvent(() => {
    if (!isOnTop || sheet.current?.contains(document.activeElement)) return
    const first = sheet.current?.querySelector<HTMLElement>('input[type=checkbox], [data-main]')
    ;(first ?? sheet.current)?.focus({ preventScroll: true })
  })
  useEffect(() => settle())
}

const pressIn = (event: KeyboardEvent, sheet: HTMLElement | null, enter: () => void): void => {
  const isButton = event.target instanceof HTMLButtonElement
  if (event.key === 'Enter' && !isButton && !event.repeat) enter()
  else if (event.key === 'ArrowDown' || event.key === 'ArrowUp') moveFocus(sheet, event.key === 'ArrowDown' ? 1 : -1)
  else return
  event.preventDefault()
}

const moveFocus = (sheet: HTMLElement | null, step: 1 | -1): void => {
  const ticks = [...(sheet?.querySelectorAll<HTMLElement>('input[type=checkbox]') ?? [])]
  const current = ticks.findIndex((tick) => tick === document.activeElement)
  const next = ticks[Math.min(Math.max(0, current + step), ticks.length - 1)]
  next?.focus()
  next?.scrollIntoView({ block: 'nearest' })
}
