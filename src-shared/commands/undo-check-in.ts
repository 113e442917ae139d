import { z } from 'zod'
import { DomainError } from '../errors.ts'
import { idSchema } from '../schema/columns.ts'
import { defineCommand } from './command.ts'
import { insertCheckIn } from './insert-check-in.ts'

/** Takes check-ins or check-outs back. The events stay; the undo is an event of its own (U18). */
export const undoCheckIn = defineCommand({
  name: 'check_in.undo',
  version: 1,
  args: z.strictObject({ check_in_ids: z.array(idSchema).min(1).max(20) }),
  permission: 'check_ins.record',

  async apply(tx, { check_in_ids }, run) {
    for (const id of check_in_ids) {
      const event = await tx
        .selectFrom('check_ins')
        .select(['session_id', 'student_id'])
        .where('id', '=', id)
        .where('facility_id', '=', run.facilityId)
        .where('kind', '!=', 'undo')
        .executeTakeFirst()
      if (!event) throw new DomainError('not_found', 'This check-in does not exist here.', { check_in_id: id })
      await insertCheckIn(tx, { ...event, kind: 'undo', undoes_id: id, guardian_id: null }, run)
    }
  },
})
