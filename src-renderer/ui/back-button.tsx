import { VisuallyHidden } from '@mantine/core'
import { IconArrowLeft } from '@tabler/icons-react'
import classes from './back-button.module.css'
import { KeyHint } from './key-hint.tsx'

/** What Escape does, for a finger. */
export const BackButton = ({ onBack }: { readonly onBack: () => void }) => (
  <button type="button" className={classes['back']} onClick={onBack} aria-keyshortcuts="Escape">
    <IconArrowLeft size={20} aria-hidden="true" />
    <VisuallyHidden>Back</VisuallyHidden>
    <KeyHint>Esc</KeyHint>
  </button>
)
