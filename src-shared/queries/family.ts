import type { Kysely } from 'kysely'
import { z } from 'zod'
import { instantSchema } from '../schema/columns.ts'
import type { Row } from '../schema/table.ts'
import type { guardians } from '../schema/tables/guardians.ts'
import type { healthItems } from '../schema/tables/health-items.ts'
import type { students } from '../schema/tables/students.ts'
import type { SearchDatabase } from '../schema/search-index.ts'
import { ageOn, daysBetween, type DateText } from '../time.ts'
import { type Balance, balanceOf } from './balance.ts'
import { facilityClock } from './facility-clock.ts'
import { familyRows } from './family-hits.ts'
import { nextSessions, type NextSession, type SheetSession, sheetSessions } from './family-sessions.ts'
import { defineQuery } from './query.ts'

type HealthItem = Pick<Row<typeof healthItems>, 'id' | 'kind' | 'severity' | 'name' | 'action'>
export type SheetGuardian = Pick<
  Row<typeof guardians>,
  'id' | 'first_name' | 'last_name' | 'relationship' | 'phone' | 'email'
>

type ShownStudent = Pick<
  Row<typeof students>,
  'id' | 'first_name' | 'last_name' | 'preferred_name' | 'birth_date' | 'status'
>

export interface SheetStudent extends ShownStudent {
  readonly age: number
  readonly is_archived: boolean
  /** How many medical items there are, for those too who may not read them. */
  readonly health_count: number
  /** The worst first; null when the role may not read them. */
  readonly health: readonly HealthItem[] | null
  /** Today's, by start. */
  readonly sessions: readonly SheetSession[]
  /** The next one after today, when there is none today. */
  readonly next_session: NextSession | null
}

export interface FamilySheet {
  readonly family_id: string
  readonly name: string
  readonly card_code: string | null
  readonly note: string | null
  readonly is_archived: boolean
  readonly guardians: readonly SheetGuardian[]
  readonly students: readonly SheetStudent[]
  /** Null when the role may not see money. */
  readonly balance: (Balance & { readonly oldest_days: number | null }) | null
}

/** All that the counter needs of a family (J1); null when it does not exist here. */
export const counterFamily = defineQuery({
  name: 'counter.family',
  args: z.strictObject({ family_id: z.uuid(), now: instantSchema }),
  permission: 'families.read',

  run: async (db, { family_id, now }, context): Promise<FamilySheet | null> => {
    const [row] = await familyRows(db, [family_id])
    if (!row) return null
    const clock = await facilityClock(db, context, now)
    const studentIds = row.students.map((student) => student.id)
    const sessions = await sheetSessions(db, studentIds, clock)
    const withoutToday = studentIds.filter((id) => !sessions.some((session) => session.student_id === id))
    const next = await nextSessions(db, withoutToday, clock.today)
    const health = await healthOf(db, studentIds, context.permissions.has('medical.read'))
    const balance = context.permissions.has('money.read')
      ? await balanceOf(db, family_id, clock.facility.currency)
      : null

    return {
      family_id,
      name: row.family.name,
      card_code: row.family.card_code,
      note: row.family.note,
      is_archived: row.family.archived_at !== null,
      guardians: row.guardians.map(({ id, first_name, last_name, relationship, phone, email }) => ({
        id,
        first_name,
        last_name,
        relationship,
        phone,
        email,
      })),
      students: row.students.map((student) => ({
        ...shownOf(student, clock.today),
        ...health(student.id),
        sessions: sessions.filter((session) => session.student_id === student.id),
        next_session: next.find((session) => session.student_id === student.id) ?? null,
      })),
      balance: balance && { ...balance, oldest_days: daysSince(balance.oldest_due_on, clock.today) },
    }
  },
})

const daysSince = (dueOn: DateText | null, today: DateText): number | null =>
  dueOn === null ? null : daysBetween(dueOn, today)

const shownOf = (student: Row<typeof students>, today: DateText) => ({
  id: student.id,
  first_name: student.first_name,
  last_name: student.last_name,
  preferred_name: student.preferred_name,
  birth_date: student.birth_date,
  status: student.status,
  age: ageOn(student.birth_date, today),
  is_archived: student.archived_at !== null,
})

const severities = ['life_threatening', 'serious', 'info']

interface Health {
  readonly health_count: number
  readonly health: readonly HealthItem[] | null
}

/** Medical columns are read for those only who may see them; that there is something is told to everybody. */
const healthOf = async (
  db: Kysely<SearchDatabase>,
  studentIds: readonly string[],
  mayRead: boolean,
): Promise<(studentId: string) => Health> => {
  const items = db.selectFrom('health_items').where('student_id', 'in', studentIds)
  const known = await items.select(['id', 'student_id']).execute()
  const details = mayRead
    ? await items.select(['id', 'student_id', 'kind', 'severity', 'name', 'action']).orderBy('id').execute()
    : undefined
  const worstFirst = details?.toSorted((a, b) => severities.indexOf(a.severity) - severities.indexOf(b.severity))
  return (studentId) => ({
    health_count: known.filter((item) => item.student_id === studentId).length,
    health: worstFirst?.filter((item) => item.student_id === studentId) ?? null,
  })
}
