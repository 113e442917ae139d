import classes from './person-name.module.css'

interface PersonNameProps {
  readonly first: string
  readonly last: string
  readonly preferred: string | null
  /** `large` in class mode. */
  readonly size?: 'normal' | 'large'
}

/** The name that the person is called by stands first and strongest. Each part keeps its own writing direction. */
export const PersonName = ({ first, last, preferred, size = 'normal' }: PersonNameProps) => (
  <span className={classes['name']} data-size={size}>
    <bdi className={classes['called']}>{preferred ?? first}</bdi> <bdi className={classes['last']}>{last}</bdi>
  </span>
)
