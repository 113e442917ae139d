import { IconArchive } from '@tabler/icons-react'
import type { SheetStudent } from '../../../src-shared/queries/family.ts'
import { useSession } from '../../app/use-app-state.ts'
import { healthText } from '../../texts/health.ts'
import { dayText } from '../../texts/when.ts'
import { Avatar } from '../../ui/avatar.tsx'
import { Chip } from '../../ui/chip.tsx'
import { MedicalBanner } from '../../ui/medical-banner.tsx'
import { Notice } from '../../ui/notice.tsx'
import { PersonName } from '../../ui/person-name.tsx'
import classes from './child-card.module.css'
import { PlaceRow } from './place-row.tsx'
import { calledName, type Place } from './places.ts'

interface ChildCardProps {
  readonly student: SheetStudent
  readonly places: readonly Place[]
}

/** One child: who it is, what must be known, and its sessions of today or the next one. */
export const ChildCard = ({ student, places }: ChildCardProps) => (
  <article className={classes['card']} aria-label={`${calledName(student)} ${student.last_name}`}>
    <div className={classes['who']}>
      <Avatar first={calledName(student)} last={student.last_name} size={40} />
      <div className={classes['name']}>
        <PersonName
          first={student.first_name}
          last={student.last_name}
          preferred={student.preferred_name}
          size="large"
        />
        <span className={classes['age']}>{student.age} years</span>
      </div>
      {student.is_archived && <Chip icon={IconArchive}>Archived</Chip>}
    </div>
    <Health student={student} />
    {places.map((place) => (
      <PlaceRow key={place.key} place={place} />
    ))}
    {places.length === 0 && <NoSession student={student} />}
  </article>
)

const Health = ({ student: { health, health_count } }: { readonly student: SheetStudent }) => {
  if (health === null) {
    return health_count > 0 ? (
      <Notice tone="warn">There is a medical note that you may not read now. Ask the instructor or a manager.</Notice>
    ) : null
  }
  return (
    <MedicalBanner
      facts={health.map((item) => ({
        id: item.id,
        text: healthText(item),
        action: item.action,
        isSerious: item.severity !== 'info',
      }))}
    />
  )
}

const NoSession = ({ student: { next_session } }: { readonly student: SheetStudent }) => {
  const { facility } = useSession()
  return (
    <p className={classes['none']}>
      <span>No session today.</span>
      {next_session ? (
        <span>
          Next: <strong>{dayText(next_session.date, facility.locale)}</strong> at{' '}
          <strong>{next_session.starts_at}</strong>, <bdi>{next_session.class_name}</bdi>
        </span>
      ) : (
        <span>None is planned.</span>
      )}
    </p>
  )
}
