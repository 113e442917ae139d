import classes from './key-hint.module.css'

/** A key, printed on what it presses. Screen readers get it from `aria-keyshortcuts` of the button. */
export const KeyHint = ({ children }: { readonly children: string }) => (
  <kbd className={classes['key']} aria-hidden="true">
    {children}
  </kbd>
)
