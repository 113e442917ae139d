import { IconMedicalCross } from '@tabler/icons-react'
import classes from './medical-banner.module.css'
import tones from './tone.module.css'

interface MedicalFact {
  readonly id: string
  /** Such as `Allergy: Peanuts`. */
  readonly text: string
  /** What to do when it happens. */
  readonly action: string | null
  readonly isSerious: boolean
}

/** What must be known to keep a child safe. It looks the same wherever a child is shown. */
export const MedicalBanner = ({ facts }: { readonly facts: readonly MedicalFact[] }) => {
  if (facts.length === 0) return null
  const isSerious = facts.some((fact) => fact.isSerious)
  return (
    <div
      className={`${classes['banner']} ${isSerious ? tones['danger'] : tones['warn']}`}
      role="note"
      aria-label="Medical"
    >
      <IconMedicalCross size={16} stroke={2.2} aria-hidden="true" />
      <span className={classes['word']}>Medical</span>
      <span className={classes['facts']}>
        {facts.map((fact) => (
          <span key={fact.id}>
            <strong>{fact.text}</strong>
            {fact.action && <> {fact.action}</>}
          </span>
        ))}
      </span>
    </div>
  )
}
