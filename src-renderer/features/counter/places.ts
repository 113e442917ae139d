import type { FamilySheet, SheetStudent } from '../../../src-shared/queries/family.ts'
import type { SheetSession } from '../../../src-shared/queries/family-sessions.ts'

/** A child in one session of today: what is checked in and out. */
export interface Place {
  readonly key: string
  readonly student: SheetStudent
  readonly session: SheetSession
  readonly state: 'to come' | 'in' | 'out' | 'cancelled'
  readonly isTicked: boolean
}

type Ticks = Readonly<Record<string, boolean>>

const stateOf = ({ status, in: checkedIn, out }: SheetSession): Place['state'] => {
  if (out) return 'out'
  if (checkedIn) return 'in'
  return status === 'cancelled' || status === 'rescheduled' ? 'cancelled' : 'to come'
}

const isInWindow = ({ window }: SheetSession): boolean => window === 'open' || window === 'late'

/** All places of a family today. Ticked by itself is who may come in now; what was ticked by hand stays (J1). */
export const placesOf = (sheet: FamilySheet, ticks: Ticks): readonly Place[] =>
  sheet.students.flatMap((student) =>
    student.sessions.map((session) => {
      const key = `${student.id} ${session.session_id}`
      const state = stateOf(session)
      return { key, student, session, state, isTicked: state === 'to come' && (ticks[key] ?? isInWindow(session)) }
    }),
  )

export const calledName = (student: { readonly first_name: string; readonly preferred_name: string | null }): string =>
  student.preferred_name ?? student.first_name

const list = new Intl.ListFormat('en-GB', { type: 'conjunction' })

/** `Mia, Leo and Noah`: each child once, also with two sessions. */
export const namesOf = (places: readonly Place[]): string =>
  list.format([...new Map(places.map(({ student }) => [student.id, calledName(student)])).values()])
