import type { ReactNode } from 'react'
import classes from './gate.module.css'

interface GateProps {
  readonly title: string
  /** One line below the title. */
  readonly hint?: string
  readonly children: ReactNode
  readonly footer?: ReactNode
}

/** What stands before the desk: enrolling, signing in, the first sync. */
export const Gate = ({ title, hint, children, footer }: GateProps) => (
  <div className={classes['gate']}>
    <main className={classes['panel']}>
      <div className={classes['mark']} aria-hidden="true">
        Foyer
      </div>
      <h1 className={classes['title']}>
        <bdi>{title}</bdi>
      </h1>
      {hint && <p className={classes['hint']}>{hint}</p>}
      {children}
    </main>
    {footer && <footer className={classes['footer']}>{footer}</footer>}
  </div>
)
