import {
  IconCheck,
  IconClock,
  IconEye,
  IconLogout2,
  IconMinus,
  IconNotes,
  IconX,
  type TablerIcon,
} from '@tabler/icons-react'
import type { AttendanceCode } from '../../../src-shared/queries/roll.ts'
import type { Tone } from '../../ui/tone.ts'

interface CodeLook {
  readonly hotkey: string
  readonly icon: TablerIcon
  readonly tone: Tone
}

/** How a mark looks and which key makes it. `A` is taken: all present. */
export const codeLooks: Readonly<Record<AttendanceCode, CodeLook>> = {
  present: { hotkey: 'P', icon: IconCheck, tone: 'good' },
  late: { hotkey: 'L', icon: IconClock, tone: 'warn' },
  absent: { hotkey: 'X', icon: IconX, tone: 'danger' },
  excused: { hotkey: 'E', icon: IconNotes, tone: 'info' },
  left_early: { hotkey: 'F', icon: IconLogout2, tone: 'warn' },
  observing: { hotkey: 'O', icon: IconEye, tone: 'info' },
  not_recorded: { hotkey: 'Backspace', icon: IconMinus, tone: 'plain' },
}

/** One press each; the others are behind "More". */
export const mainCodes = ['present', 'late', 'absent', 'excused'] as const
export const otherCodes = ['left_early', 'observing', 'not_recorded'] as const
