import { useRef } from 'react'
import { counterFamily, type FamilySheet as Family } from '../../../src-shared/queries/family.ts'
import { useLiveQuery } from '../../app/use-live-query.ts'
import { useNow } from '../../app/use-now.ts'
import { errorText } from '../../texts/errors.ts'
import { Chip } from '../../ui/chip.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Sheet } from '../../ui/sheet.tsx'
import { Account } from './account.tsx'
import { ChildCard } from './child-card.tsx'
import { useCounter } from './counter-store.ts'
import classes from './family-sheet.module.css'
import { Guardians } from './guardians.tsx'
import { SheetFoot } from './sheet-foot.tsx'
import { useFamilySheet } from './use-family-sheet.ts'

/** A family at the counter: its children with today's sessions, what must be known, and its account (J1). */
export const FamilySheet = ({ familyId }: { readonly familyId: string }) => {
  const close = useCounter((counter) => counter.close)
  const now = useNow()
  // The same family a minute ago is a better picture than none.
  const live = useLiveQuery(counterFamily, { family_id: familyId, now }, { keepPrevious: true })

  if (live.state === 'ready' && live.data) return <OpenSheet family={live.data} />
  return (
    <Sheet label="Family" title="" onClose={close}>
      {live.state === 'failed' && <Notice tone="danger">{errorText(live.error)}</Notice>}
      {live.state === 'ready' && <Notice tone="warn">This family is no longer here.</Notice>}
    </Sheet>
  )
}

const OpenSheet = ({ family }: { readonly family: Family }) => {
  const sheet = useRef<HTMLElement>(null)
  const { places, error, actions, onKeyDown } = useFamilySheet(family, sheet)
  const close = useCounter((counter) => counter.close)

  return (
    <Sheet
      ref={sheet}
      label={`Family ${family.name}`}
      title={<bdi>{family.name}</bdi>}
      aside={family.is_archived ? <Chip>Archived</Chip> : undefined}
      onClose={close}
      onKeyDown={onKeyDown}
      footer={<SheetFoot family={family} places={places} actions={actions} />}
    >
      <div className={classes['content']}>
        <Guardians guardians={family.guardians} />
        {family.note && (
          <Notice tone="plain" title="Note">
            {family.note}
          </Notice>
        )}
        {family.balance && <Account family={family} />}
        {error && (
          <Notice tone="danger" isUrgent>
            {errorText(error)}
          </Notice>
        )}
        <div className={classes['children']}>
          {family.students.map((student) => (
            <ChildCard
              key={student.id}
              student={student}
              places={places.filter((place) => place.student.id === student.id)}
            />
          ))}
          {family.students.length === 0 && <Notice tone="plain">This family has no children yet.</Notice>}
        </div>
      </div>
    </Sheet>
  )
}
