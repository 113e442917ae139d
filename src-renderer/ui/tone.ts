import {
  IconAlertTriangle,
  IconCircleCheck,
  IconExclamationCircle,
  IconInfoCircle,
  type TablerIcon,
} from '@tabler/icons-react'

/** What a color means: red is safety and wrong money, amber is "look at this", green is done, blue is where you are. */
export type Tone = 'danger' | 'warn' | 'good' | 'info' | 'plain'

/** Never color alone. */
export const toneIcons: Readonly<Record<Tone, TablerIcon>> = {
  danger: IconExclamationCircle,
  warn: IconAlertTriangle,
  good: IconCircleCheck,
  info: IconInfoCircle,
  plain: IconInfoCircle,
}
