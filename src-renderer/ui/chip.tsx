import type { TablerIcon } from '@tabler/icons-react'
import classes from './chip.module.css'
import type { Tone } from './tone.ts'
import tones from './tone.module.css'

interface ChipProps {
  readonly tone?: Tone
  readonly icon?: TablerIcon
  readonly children: string
}

/** A short fact beside a name: one or two words. */
export const Chip = ({ tone = 'plain', icon: Icon, children }: ChipProps) => (
  <span className={`${classes['chip']} ${tones[tone]}`}>
    {Icon && <Icon size={14} stroke={2} aria-hidden="true" />}
    {children}
  </span>
)
