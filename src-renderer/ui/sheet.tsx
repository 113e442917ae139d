import { IconX } from '@tabler/icons-react'
import type { KeyboardEvent, ReactNode, Ref } from 'react'
import { KeyHint } from './key-hint.tsx'
import classes from './sheet.module.css'

interface SheetProps {
  /** What a screen reader calls it. */
  readonly label: string
  readonly title: ReactNode
  /** Stands at the end of the title's line. */
  readonly aside?: ReactNode
  readonly children: ReactNode
  readonly footer?: ReactNode
  readonly onClose: () => void
  readonly onKeyDown?: (event: KeyboardEvent) => void
  readonly ref?: Ref<HTMLElement>
}

/** Slides over the content from the right and keeps the list visible (LOOK). Escape is the feature's, see app/use-escape. */
export const Sheet = ({ label, title, aside, children, footer, onClose, onKeyDown, ref }: SheetProps) => (
  // Keys of a sheet work wherever in it the focus is.
  // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
  <section className={classes['sheet']} role="dialog" aria-label={label} tabIndex={-1} onKeyDown={onKeyDown} ref={ref}>
    <header className={classes['head']}>
      <h2 className={classes['title']}>{title}</h2>
      {aside}
      <button
        type="button"
        className={classes['close']}
        onClick={onClose}
        aria-label="Close"
        aria-keyshortcuts="Escape"
      >
        <IconX size={18} stroke={1.8} aria-hidden="true" />
        <KeyHint>Esc</KeyHint>
      </button>
    </header>
    <div className={classes['body']}>{children}</div>
    {footer && <footer className={classes['foot']}>{footer}</footer>}
  </section>
)
