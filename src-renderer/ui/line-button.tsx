import type { ComponentProps } from 'react'
import classes from './line-button.module.css'

interface LineButtonProps extends Omit<ComponentProps<'button'>, 'type' | 'className'> {
  /** One of several, and not what is mostly wanted. */
  readonly isQuiet?: boolean
}

/** A button beside what it is about: a line of a list, a verdict, a notice. */
export const LineButton = ({ isQuiet = false, ...props }: LineButtonProps) => (
  <button type="button" className={classes[isQuiet ? 'quiet' : 'button']} {...props} />
)
