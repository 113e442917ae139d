import type { TablerIcon } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import classes from './empty.module.css'

interface EmptyProps {
  readonly icon: TablerIcon
  readonly title: string
  readonly children?: ReactNode
  readonly action?: ReactNode
}

/** What stands where a list would, when there is nothing in it. */
export const Empty = ({ icon: Icon, title, children, action }: EmptyProps) => (
  <div className={classes['empty']}>
    <Icon size={32} stroke={1.5} aria-hidden="true" />
    <strong>{title}</strong>
    {children && <p>{children}</p>}
    {action}
  </div>
)
