import { IconChecklist, IconUserSearch } from '@tabler/icons-react'
import type { Screen } from './app/frame/screen.ts'
import { ClassesScreen } from './features/classes/classes-screen.tsx'
import { CounterScreen } from './features/counter/counter-screen.tsx'
import { UnprintedReceipts } from './features/payments/unprinted-receipts.tsx'

const Counter = () => <CounterScreen notices={<UnprintedReceipts />} />

/** The rail, in its order. An entry appears for who has its permission. */
export const screens: readonly Screen[] = [
  {
    path: '/counter',
    label: 'Counter',
    hotkey: 'F2',
    icon: IconUserSearch,
    permission: 'check_ins.record',
    component: Counter,
  },
  {
    path: '/classes',
    label: 'Classes',
    hotkey: 'F3',
    icon: IconChecklist,
    permission: 'classes.read',
    component: ClassesScreen,
  },
]
