import { useEffect, useEffectEvent } from 'react'
import { useDesk } from './desk.ts'

/**
 * Escape goes back one step: the innermost active handler answers. Sheets and dialogs turn `closeOnEscape` off and use
 * this, so that one press never closes two things.
 */
export const useEscape = (goBack: () => void, isActive = true): void => {
  const { escapes } = useDesk()
  const latest = useEffectEvent(goBack)
  useEffect(() => (isActive ? escapes.push(() => latest()) : undefined), [escapes, isActive])
}
