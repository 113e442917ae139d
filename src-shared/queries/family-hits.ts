import { type Kysely, sql } from 'kysely'
import { presenceOf } from '../rules/attendance.ts'
import type { Row } from '../schema/table.ts'
import type { families } from '../schema/tables/families.ts'
import type { guardians } from '../schema/tables/guardians.ts'
import type { students } from '../schema/tables/students.ts'
import type { SearchDatabase } from '../schema/search-index.ts'
import { ageOn, type DateText, type InstantText, type TimeText } from '../time.ts'
import type { FacilityClock } from './facility-clock.ts'

/** A child's session today, as far as a list of families shows it. */
interface SessionToday {
  readonly session_id: string
  readonly class_name: string
  readonly starts_at: TimeText
  readonly ends_at: TimeText
  readonly in_at: InstantText | null
  readonly is_over: boolean
}

export interface StudentHit {
  readonly student_id: string
  readonly first_name: string
  readonly last_name: string
  readonly preferred_name: string | null
  readonly age: number
  readonly is_archived: boolean
  /** By start. */
  readonly today: readonly SessionToday[]
}

/** A family as a list shows it: siblings under one row. */
export interface FamilyHit {
  readonly family_id: string
  readonly name: string
  readonly is_archived: boolean
  readonly students: readonly StudentHit[]
}

/** The rows that a list of families is made of. */
export interface FamilyRows {
  readonly family: Row<typeof families>
  readonly guardians: readonly Row<typeof guardians>[]
  readonly students: readonly Row<typeof students>[]
}

/** Families with their people, in the order of the ids; ids without a family are left out. */
export const familyRows = async (
  db: Kysely<SearchDatabase>,
  familyIds: readonly string[],
): Promise<readonly FamilyRows[]> => {
  if (familyIds.length === 0) return []
  const families = await db.selectFrom('families').selectAll().where('id', 'in', familyIds).execute()
  const guardians = await db.selectFrom('guardians').selectAll().where('family_id', 'in', familyIds).execute()
  const students = await db
    .selectFrom('family_students as link')
    .innerJoin('students as student', 'student.id', 'link.student_id')
    .selectAll('student')
    .select('link.family_id as of_family')
    .where('link.family_id', 'in', familyIds)
    .orderBy('student.birth_date')
    .execute()

  const familyById = new Map(families.map((family) => [family.id, family]))
  return familyIds.flatMap((id) => {
    const family = familyById.get(id)
    if (!family) return []
    return {
      family,
      guardians: guardians.filter((guardian) => guardian.family_id === id).toSorted((a, b) => a.priority - b.priority),
      students: students.filter((student) => student.of_family === id),
    }
  })
}

export interface TodayRow extends SessionToday {
  readonly student_id: string
}

/** The sessions that students have today, with the first check-in that stands. Cancelled ones are left out. */
export const sessionsToday = async (
  db: Kysely<SearchDatabase>,
  studentIds: readonly string[],
  { today, time }: Pick<FacilityClock, 'today' | 'time'>,
): Promise<readonly TodayRow[]> => {
  if (studentIds.length === 0) return []
  const booked = await db
    .selectFrom('bookings as booking')
    // Cross joins and the plus keep SQLite from starting at the day, which has more bookings than a few students.
    .crossJoin('sessions as session')
    .crossJoin('classes as class')
    .select(['booking.student_id', 'session.id as session_id', 'class.name as class_name', 'session.starts_at'])
    .select('session.ends_at')
    .where('booking.student_id', 'in', studentIds)
    .where('booking.cancelled_at', 'is', null)
    .where(sql`+booking.session_id`, 'in', db.selectFrom('sessions').select('id').where('date', '=', today))
    .whereRef('session.id', '=', 'booking.session_id')
    .where('session.status', 'not in', ['cancelled', 'rescheduled'])
    .whereRef('class.id', '=', 'session.class_id')
    .orderBy('session.starts_at')
    .execute()
  if (booked.length === 0) return []
  const events = await db
    .selectFrom('check_ins')
    .select(['id', 'kind', 'at', 'hlc', 'undoes_id', 'session_id', 'student_id'])
    .where('session_id', 'in', [...new Set(booked.map((row) => row.session_id))])
    .execute()
  return booked.map((row) => {
    const own = events.filter((event) => event.student_id === row.student_id && event.session_id === row.session_id)
    return { ...row, in_at: presenceOf(own).in?.at ?? null, is_over: row.ends_at <= time }
  })
}

export const toFamilyHit = (
  { family, students }: FamilyRows,
  onDay: readonly TodayRow[],
  today: DateText,
): FamilyHit => ({
  family_id: family.id,
  name: family.name,
  is_archived: family.archived_at !== null,
  students: students.map((student) => ({
    student_id: student.id,
    first_name: student.first_name,
    last_name: student.last_name,
    preferred_name: student.preferred_name,
    age: ageOn(student.birth_date, today),
    is_archived: student.archived_at !== null,
    today: onDay.filter((row) => row.student_id === student.id),
  })),
})
