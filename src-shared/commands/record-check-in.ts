import { z } from 'zod'
import { requirePlace, requireSession } from '../rules/bookings.ts'
import { idSchema } from '../schema/columns.ts'
import { defineCommand } from './command.ts'
import { insertCheckIn } from './insert-check-in.ts'

const entry = z.strictObject({ student_id: idSchema, session_id: idSchema })

/**
 * Checks children in, all of them or none (J1). A second check-in at another desk is kept and folded, never refused:
 * a child is not turned away because of sync (MERGE). The n-th entry makes the mutation's n-th row.
 */
export const recordCheckIn = defineCommand({
  name: 'check_in.record',
  version: 1,
  args: z.strictObject({ entries: z.array(entry).min(1).max(20) }),
  permission: 'check_ins.record',

  async apply(tx, { entries }, run) {
    for (const { student_id, session_id } of entries) {
      await requireSession(tx, session_id, run.facilityId)
      await requirePlace(tx, session_id, student_id)
      await insertCheckIn(tx, { session_id, student_id, kind: 'in', undoes_id: null, guardian_id: null }, run)
    }
  },
})
