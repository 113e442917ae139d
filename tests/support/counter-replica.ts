import { afterEach, beforeEach } from 'vitest'
import {
  booking,
  childOf,
  cohort,
  facility,
  family,
  organization,
  program,
  session,
  staffMember,
  student,
} from './academy.ts'
import { type MemoryReplica, openMemoryReplica } from './replica-memory.ts'

/** 16:20 in Melbourne. */
export const now = '2026-11-21T05:20:00.000Z'

export const dolphins = cohort()

/** For each test a replica in memory of a facility whose families the test adds. */
export const counterReplica = () => {
  let replica: MemoryReplica

  beforeEach(() => {
    replica = openMemoryReplica()
    replica.insert('organizations', organization())
    replica.insert('facilities', facility())
    replica.insert('staff', staffMember())
    replica.insert('programs', program())
  })
  afterEach(() => replica.close())

  /** A family with one child per name, each with a session at the given start. */
  const addFamily = (name: string, children: readonly string[], startsAt?: string) => {
    const home = family({ name })
    const students = children.map((first_name) => student({ first_name, last_name: name }))
    replica.insert('families', home)
    replica.insert('students', ...students)
    replica.insert('family_students', ...students.map((child) => childOf(home, child)))
    if (startsAt !== undefined) {
      const meeting = session({ class_id: dolphins.id, starts_at: startsAt, ends_at: '23:59' })
      replica.insert('sessions', meeting)
      replica.insert('bookings', ...students.map((child) => booking({ session_id: meeting.id, student_id: child.id })))
    }
    return { home, students }
  }

  return { replica: () => replica, addFamily }
}
