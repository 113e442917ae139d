import type { Transaction } from 'kysely'
import { z } from 'zod'
import { DomainError } from '../errors.ts'
import { presenceOf } from '../rules/attendance.ts'
import { findSession } from '../rules/bookings.ts'
import { idSchema } from '../schema/columns.ts'
import type { Database } from '../schema/tables.ts'
import { defineCommand } from './command.ts'
import { insertCheckIn } from './insert-check-in.ts'

const entry = z.strictObject({ student_id: idSchema, session_id: idSchema })

/**
 * Children leave with an adult of their family, whose identity is kept (J11); also out of a session that was cancelled
 * when they were there already.
 */
export const recordCheckOut = defineCommand({
  name: 'check_out.record',
  version: 1,
  args: z.strictObject({ entries: z.array(entry).min(1).max(20), guardian_id: idSchema.nullable() }),
  permission: 'check_ins.record',

  async apply(tx, { entries, guardian_id }, run) {
    for (const { student_id, session_id } of entries) {
      await findSession(tx, session_id, run.facilityId)
      const events = await tx
        .selectFrom('check_ins')
        .select(['id', 'kind', 'at', 'hlc', 'undoes_id'])
        .where('session_id', '=', session_id)
        .where('student_id', '=', student_id)
        .execute()
      if (!presenceOf(events).in) {
        throw new DomainError('not_checked_in', 'This child is not checked in.', { student_id })
      }
      if (guardian_id !== null) await requireGuardian(tx, guardian_id, student_id)
      await insertCheckIn(tx, { session_id, student_id, kind: 'out', undoes_id: null, guardian_id }, run)
    }
  },
})

/** Nobody is written down as having collected a child who is no adult of one of its families. */
const requireGuardian = async (tx: Transaction<Database>, guardianId: string, studentId: string): Promise<void> => {
  const guardian = await tx
    .selectFrom('guardians as guardian')
    .innerJoin('family_students as link', 'link.family_id', 'guardian.family_id')
    .select('guardian.id')
    .where('guardian.id', '=', guardianId)
    .where('link.student_id', '=', studentId)
    .executeTakeFirst()
  if (guardian) return
  throw new DomainError('not_found', 'This adult does not belong to the family of the child.', {
    guardian_id: guardianId,
    student_id: studentId,
  })
}
