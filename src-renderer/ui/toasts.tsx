import { useEffect } from 'react'
import { create } from 'zustand'
import { KeyHint } from './key-hint.tsx'
import type { Tone } from './tone.ts'
import { toneIcons } from './tone.ts'
import classes from './toasts.module.css'
import { useKeys } from './use-keys.ts'

interface Toast {
  readonly text: string
  readonly tone?: Tone
  /** What takes it back. Ctrl+Z presses it too, and Z where nobody types. */
  readonly undo?: () => void
}

interface ToastStore {
  readonly shown: (Toast & { readonly id: number }) | undefined
  readonly show: (toast: Toast) => void
  readonly hide: () => void
}

/** One toast at a time: the last thing that was done, and its undo. */
export const useToasts = create<ToastStore>()((set, get) => ({
  shown: undefined,
  show: (toast) => set({ shown: { ...toast, id: (get().shown?.id ?? 0) + 1 } }),
  hide: () => set({ shown: undefined }),
}))

/** Long enough to read and to change one's mind (J1). */
const shownForMs = 10_000

export const Toasts = () => {
  const { shown, hide } = useToasts()

  const undo = (): void => {
    shown?.undo?.()
    hide()
  }

  useEffect(() => {
    if (!shown) return undefined
    const timer = setTimeout(hide, shownForMs)
    return () => clearTimeout(timer)
  }, [shown, hide])

  const canUndo = shown?.undo !== undefined
  useKeys({ Z: undo }, { isActive: canUndo })
  useKeys({ 'Ctrl+Z': undo }, { isActive: canUndo, whileTyping: 'in empty fields' })

  const tone = shown?.tone ?? 'good'
  const Icon = toneIcons[tone]
  return (
    <output className={classes['place']} aria-live="polite">
      {shown && (
        <div className={classes['toast']} key={shown.id} data-tone={tone}>
          <Icon size={18} stroke={2} aria-hidden="true" />
          <span className={classes['text']}>{shown.text}</span>
          {shown.undo && (
            <button type="button" className={classes['undo']} onClick={undo} aria-keyshortcuts="Control+Z">
              Undo <KeyHint>Ctrl Z</KeyHint>
            </button>
          )}
        </div>
      )}
    </output>
  )
}
