import { IconCalendarCheck } from '@tabler/icons-react'
import { errorText } from '../../texts/errors.ts'
import { Empty } from '../../ui/empty.tsx'
import { Notice } from '../../ui/notice.tsx'
import classes from './expected.module.css'
import { FamilyRow } from './family-row.tsx'
import { ListSkeleton } from './list-skeleton.tsx'
import type { FamilyList } from './use-family-list.ts'

/** Before anything is typed: who comes next, by the start of their session. */
export const Expected = ({ list }: { readonly list: FamilyList }) => {
  if (list.error) return <Notice tone="danger">{errorText(list.error)}</Notice>
  if (!list.expected) return <ListSkeleton rows={6} />
  if (list.expected.length === 0) {
    return (
      <Empty icon={IconCalendarCheck} title="No more sessions today">
        Search for a family to see its children, its next session and its account.
      </Empty>
    )
  }
  const pointed = list.rows[list.index]
  return (
    <div id="families" role="listbox" aria-label="Families expected">
      {list.expected.map((start) => (
        <div key={start.starts_at} role="group" aria-label={`${start.starts_at}, ${inText(start)}`}>
          <div className={classes['start']} aria-hidden="true">
            <strong>{start.starts_at}</strong>
            <span>{inText(start)}</span>
            <span className={classes['bar']}>
              <span style={{ width: `${Math.round((start.checked_in / Math.max(1, start.booked)) * 100)}%` }} />
            </span>
          </div>
          {start.families.map((family) => (
            <FamilyRow key={family.family_id} family={family} words={[]} isPointed={family === pointed} />
          ))}
        </div>
      ))}
    </div>
  )
}

const inText = ({ booked, checked_in }: { readonly booked: number; readonly checked_in: number }): string =>
  checked_in === booked ? `all ${booked} in` : `${checked_in} of ${booked} in`
