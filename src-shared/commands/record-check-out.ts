import { z } from 'zod'
import { DomainError } from '../errors.ts'
import { presenceOf } from '../rules/attendance.ts'
import { requireSession } from '../rules/bookings.ts'
import { idSchema } from '../schema/columns.ts'
import { defineCommand } from './command.ts'

const entry = z.strictObject({ student_id: idSchema, session_id: idSchema })

/** Children leave with an adult of the family, whose identity is kept (J11). */
export const recordCheckOut = defineCommand({
  name: 'check_out.record',
  version: 1,
  args: z.strictObject({ entries: z.array(entry).min(1).max(20), guardian_id: idSchema.nullable() }),
  permission: 'check_ins.record',

  async apply(tx, { entries, guardian_id }, run) {
    for (const { student_id, session_id } of entries) {
      await requireSession(tx, session_id, run.facilityId)
      const events = await tx
        .selectFrom('check_ins')
        .select(['id', 'kind', 'at', 'hlc', 'undoes_id'])
        .where('session_id', '=', session_id)
        .where('student_id', '=', student_id)
        .execute()
      if (!presenceOf(events).in) {
        throw new DomainError('not_checked_in', 'This child is not checked in.', { student_id })
      }
      await tx
        .insertInto('check_ins')
        .values({
          id: run.newId(),
          facility_id: run.facilityId,
          session_id,
          student_id,
          kind: 'out',
          undoes_id: null,
          guardian_id,
          at: run.at,
          hlc: run.hlc,
          staff_id: run.staffId,
          device_id: run.deviceId,
        })
        .execute()
    }
  },
})
