import { useMantineColorScheme } from '@mantine/core'
import { IconActivity, IconLogout, IconMoon, IconSun, IconSunMoon } from '@tabler/icons-react'
import { Redirect, Route, Switch, useLocation } from 'wouter'
import type { AppState } from '../src-shared/contract/ipc.ts'
import { DeskTheme } from './app/desk-theme.tsx'
import { Frame } from './app/frame/frame.tsx'
import type { Action } from './app/frame/palette.tsx'
import { useAppState, useMay } from './app/use-app-state.ts'
import { useCardScan } from './app/use-card-scan.ts'
import { useFindCard } from './app/use-find-card.ts'
import { useSignOut } from './app/use-sign-out.ts'
import { PaymentSheet } from './features/payments/payment-sheet.tsx'
import { UnprintedReceipts } from './features/payments/unprinted-receipts.tsx'
import { EnrollScreen } from './features/enroll/enroll-screen.tsx'
import { UnreadableScreen } from './features/enroll/unreadable-screen.tsx'
import { SignInScreen } from './features/sign-in/sign-in-screen.tsx'
import { FirstSync } from './features/sync/first-sync.tsx'
import { SyncScreen } from './features/sync/sync-screen.tsx'
import { screens } from './screens.tsx'
import { enrollTexts } from './texts/enroll.ts'

/** What the window may show, by what the device is and who is signed in. */
export const Stages = () => {
  const live = useAppState()
  const state = live.state === 'ready' ? live.data : undefined
  return <DeskTheme color={state?.session?.facility.color ?? ''}>{state && <Stage state={state} />}</DeskTheme>
}

const Stage = ({ state }: { readonly state: AppState }) => {
  if (state.stage in enrollTexts) return <EnrollScreen state={state} />
  if (state.stage === 'unreadable') return <UnreadableScreen />
  if (state.stage === 'signed_out') return <SignInScreen state={state} />
  if (state.stage === 'loading') return <FirstSync state={state} />
  return <Desk key={state.session?.staff_id} />
}

const Desk = () => {
  const may = useMay()
  useCardScan(useFindCard(), may('check_ins.record'))
  const home = screens.find((screen) => may(screen.permission))?.path ?? '/sync'
  return (
    <Frame screens={screens} actions={useActions()}>
      <Switch>
        {screens
          .filter((screen) => may(screen.permission))
          .map(({ path, component }) => (
            <Route key={path} path={path} component={component} nest />
          ))}
        <Route path="/sync">
          <SyncScreen notices={<UnprintedReceipts />} />
        </Route>
        <Route>
          <Redirect to={home} replace />
        </Route>
      </Switch>
      <PaymentSheet />
    </Frame>
  )
}

const useActions = (): readonly Action[] => {
  const [location, navigate] = useLocation()
  // Its own way to stop transitions is a style element, which the content security policy forbids.
  const { setColorScheme } = useMantineColorScheme({ keepTransitions: true })
  const signOut = useSignOut()
  return [
    {
      label: 'What waits to be sent',
      words: 'sync status outbox refused',
      icon: IconActivity,
      run: () => navigate('/sync', { state: location }),
    },
    { label: 'Light appearance', words: 'theme colors bright', icon: IconSun, run: () => setColorScheme('light') },
    { label: 'Dark appearance', words: 'theme colors night', icon: IconMoon, run: () => setColorScheme('dark') },
    {
      label: 'Same appearance as the system',
      words: 'theme system',
      icon: IconSunMoon,
      run: () => setColorScheme('auto'),
    },
    { label: 'Sign out', words: 'lock leave switch user', icon: IconLogout, run: () => void signOut() },
  ]
}
