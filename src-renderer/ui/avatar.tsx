import classes from './avatar.module.css'

interface AvatarProps {
  readonly first: string
  readonly last: string
  readonly size?: number
}

const segments = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

const initial = (name: string): string => segments.segment(name.trim())[Symbol.iterator]().next().value?.segment ?? ''

/** Initials of a person, for lists. Decoration: the name stands beside it. */
export const Avatar = ({ first, last, size = 32 }: AvatarProps) => (
  <span className={classes['avatar']} style={{ width: size, height: size, fontSize: size * 0.38 }} aria-hidden="true">
    {`${initial(first)}${initial(last)}`.toUpperCase()}
  </span>
)
