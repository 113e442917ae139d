import { z } from 'zod'
import { DomainError } from '../../errors.ts'
import { sharedText } from '../../schema/columns.ts'
import { defineCommand } from '../command.ts'
import { refuseSettled, requireItem, requireItemsUnder, settle, unbookedAmong, whichItems } from './settle.ts'

/**
 * What the server has instead is right, and the item is done with (promise 4). Accepting what somebody accepted before is
 * what was wanted, so there is nothing to tell, and no chain of items about items. Money that is in no book cannot be
 * accepted away.
 */
export const acceptItem = defineCommand({
  name: 'inbox.accept',
  version: 1,
  args: z.strictObject({ ...whichItems, note: sharedText(1000).nullable() }),
  permission: 'classes.read',

  async apply(tx, { note, ...which }, run) {
    const item = await requireItem(tx, which.outcome_id, run)
    const items = [item, ...(await requireItemsUnder(tx, which, run))]
    const unbooked = await unbookedAmong(tx, items)
    for (const { id } of items) {
      const earlier = await settle(tx, id, { state: 'accepted', note, redone_by: null }, run)
      if (id === item.id && earlier && earlier.state !== 'accepted') refuseSettled(earlier)
      if (!earlier && unbooked.has(id)) {
        throw new DomainError('money_unbooked', 'This money is in no book yet. Book it, or say why it is dropped.', {
          outcome_id: id,
        })
      }
    }
  },
})
