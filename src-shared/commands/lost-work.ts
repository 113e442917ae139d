import { z } from 'zod'
import { DomainError } from '../errors.ts'
import { instantSchema } from '../schema/columns.ts'
import { defineCommand } from './command.ts'

/**
 * Stands in for a mutation that was saved on a computer and cannot be read there any more (FAULTS D7, D8): under its
 * number, so that what was saved after it still goes up, and refused, so that a person sees it until it is settled.
 */
export const lostWork = defineCommand({
  name: 'work.lost',
  version: 1,
  /** The last thing before it that can still be read was saved then; null when nothing can be. */
  args: z.strictObject({ last_saved_at: instantSchema.nullable() }),
  permission: 'classes.read',

  apply(_tx, { last_saved_at }) {
    const message = 'Something that was saved on this computer is gone: its disk was damaged.'
    return Promise.reject(new DomainError('work_lost', message, { last_saved_at }))
  },
})
