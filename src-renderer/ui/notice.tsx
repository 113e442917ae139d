import type { TablerIcon } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import classes from './notice.module.css'
import { type Tone, toneIcons } from './tone.ts'
import tones from './tone.module.css'

interface NoticeProps {
  readonly tone: Tone
  readonly title?: string
  readonly icon?: TablerIcon
  readonly children?: ReactNode
  /** What can be done about it. */
  readonly action?: ReactNode
  /** Spoken by a screen reader as soon as it appears. */
  readonly isUrgent?: boolean
}

/** A few words that must be seen, with what to do about them. Medical and custody facts look like this everywhere. */
export const Notice = ({ tone, title, icon, children, action, isUrgent = false }: NoticeProps) => {
  const Icon = icon ?? toneIcons[tone]
  return (
    <div className={`${classes['notice']} ${tones[tone]}`} role={isUrgent ? 'alert' : undefined}>
      <Icon size={18} stroke={2} aria-hidden="true" className={classes['icon']} />
      <div className={classes['words']}>
        {title && <strong>{title}</strong>}
        {children && <span>{children}</span>}
      </div>
      {action}
    </div>
  )
}
