import { z } from 'zod'
import { DomainError } from '../../errors.ts'
import { requirePermission } from '../../rules/access.ts'
import { isNotice, letMoneyGo } from '../../rules/inbox.ts'
import { sharedText } from '../../schema/columns.ts'
import { defineCommand } from '../command.ts'
import { refuseSettled, requireItem, requireItemsUnder, settle, unbookedAmong, whichItems } from './settle.ts'

/** Gives up what was asked, and says why. Money that is in no book is let go only by who may take payments back. */
export const dropItem = defineCommand({
  name: 'inbox.drop',
  version: 1,
  args: z.strictObject({ ...whichItems, note: sharedText(1000).regex(/\S/, 'is empty') }),
  permission: 'classes.read',

  async apply(tx, { note, ...which }, run) {
    const item = await requireItem(tx, which.outcome_id, run)
    if (isNotice(item) || item.outcome === 'merged') {
      throw new DomainError('invalid_input', 'There is nothing to drop in this. Accept it.')
    }
    const items = [item, ...(await requireItemsUnder(tx, which, run))]
    const unbooked = await unbookedAmong(tx, items)
    for (const { id } of items) {
      const earlier = await settle(tx, id, { state: 'dropped', note, redone_by: null }, run)
      if (id === item.id && earlier) refuseSettled(earlier)
      if (!earlier && unbooked.has(id)) requirePermission(run.permissions, letMoneyGo)
    }
  },
})
