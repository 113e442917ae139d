import { useEffect, useRef } from 'react'
import type { SheetGuardian } from '../../../src-shared/queries/family.ts'
import { KeyHint } from '../../ui/key-hint.tsx'
import { useKeys } from '../../ui/use-keys.ts'
import classes from './check-out.module.css'
import { namesOf, type Place } from './places.ts'

interface CheckOutProps {
  readonly guardians: readonly SheetGuardian[]
  readonly present: readonly Place[]
  readonly onCollect: (guardian: { readonly id: string; readonly name: string } | null) => void
}

/** The adult who collects is chosen by hand, every time (J11): no Enter that was meant for something else decides it. */
export const CheckOut = ({ guardians, present, onCollect }: CheckOutProps) => {
  const panel = useRef<HTMLDivElement>(null)
  useEffect(() => panel.current?.focus(), [])
  const adults = guardians
    .slice(0, 9)
    .map(({ id, first_name, last_name, relationship }) => ({ id, name: `${first_name} ${last_name}`, relationship }))
  useKeys({
    ...Object.fromEntries(adults.map((adult, place) => [String(place + 1), () => onCollect(adult)])),
    0: () => onCollect(null),
  })

  return (
    <div ref={panel} tabIndex={-1} className={classes['panel']} role="group" aria-label="Who collects?">
      <p className={classes['question']}>
        Who collects <strong>{namesOf(present)}</strong>?
      </p>
      <div className={classes['adults']}>
        {adults.map((adult, place) => (
          <button
            key={adult.id}
            type="button"
            className={classes['adult']}
            aria-keyshortcuts={String(place + 1)}
            onClick={() => onCollect(adult)}
          >
            <KeyHint>{String(place + 1)}</KeyHint>
            <span className={classes['name']}>
              <bdi>{adult.name}</bdi>
              <span>{adult.relationship}</span>
            </span>
          </button>
        ))}
        <button type="button" className={classes['adult']} aria-keyshortcuts="0" onClick={() => onCollect(null)}>
          <KeyHint>0</KeyHint>
          <span className={classes['name']}>
            Leaves alone
            <span>no adult of the family</span>
          </span>
        </button>
      </div>
    </div>
  )
}
