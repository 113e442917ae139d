import { type ReactNode, useState } from 'react'
import { useLocation } from 'wouter'
import { Notice } from '../../ui/notice.tsx'
import { Toasts } from '../../ui/toasts.tsx'
import { useKeys } from '../../ui/use-keys.ts'
import { useMay } from '../use-app-state.ts'
import { useIsConnected } from '../use-is-connected.ts'
import { ClockNotice } from './clock-notice.tsx'
import { DiskNotice } from './disk-notice.tsx'
import classes from './frame.module.css'
import { type Action, Palette } from './palette.tsx'
import { Rail } from './rail.tsx'
import type { Screen } from './screen.ts'
import { StatusLine } from './status-line.tsx'

interface FrameProps {
  readonly screens: readonly Screen[]
  /** What the command palette offers besides the screens. */
  readonly actions: readonly Action[]
  readonly children: ReactNode
}

/** Rail, content, status line. One screen alone needs no rail (class mode). */
export const Frame = ({ screens, actions, children }: FrameProps) => {
  const [, navigate] = useLocation()
  const [isPaletteOpen, setPaletteOpen] = useState(false)
  const may = useMay()
  const own = screens.filter((screen) => may(screen.permission))
  const [first] = own
  const isConnected = useIsConnected()

  const openPalette = (): void => setPaletteOpen(true)
  useKeys(
    { ...Object.fromEntries(own.map(({ hotkey, path }) => [hotkey, () => navigate(path)])), 'Ctrl+K': openPalette },
    { whileTyping: true },
  )
  useKeys({ '/': () => first && navigate(first.path) })

  return (
    <div className={classes['frame']} data-rail={own.length > 1 || undefined}>
      {own.length > 1 && <Rail screens={own} />}
      <div className={classes['notices']}>
        <DiskNotice />
        <ClockNotice />
      </div>
      <main className={classes['content']}>
        {!isConnected && (
          <div className={classes['alone']}>
            <Notice tone="danger" isUrgent title="Foyer on this computer does not answer.">
              This window tries again by itself. What was saved is safe; if this stays, start Foyer again.
            </Notice>
          </div>
        )}
        {children}
      </main>
      <StatusLine onPalette={openPalette} actions={actions} />
      <Palette
        isOpen={isPaletteOpen}
        onClose={() => setPaletteOpen(false)}
        actions={[
          ...own.map(({ label, hotkey, icon, path }) => ({ label, hotkey, icon, run: () => navigate(path) })),
          ...actions,
        ]}
      />
      <Toasts />
    </div>
  )
}
