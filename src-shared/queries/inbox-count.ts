import { z } from 'zod'
import { redoCommand } from '../rules/inbox.ts'
import { rightsOf, statesOf } from './inbox-rights.ts'
import { defineQuery } from './query.ts'

const mostCounted = 1000

export interface InboxCount {
  /** What this person may settle, or did; what follows from something else is counted with it. */
  readonly needs_you: number
  /** All that is open at the facility. */
  readonly open: number
}

/** For the status line. Counts to a thousand. */
export const inboxCount = defineQuery({
  name: 'inbox.count',
  args: z.strictObject({}),
  permission: 'classes.read',

  async run(db, _args, context): Promise<InboxCount> {
    const rows = await db
      .selectFrom('mutation_outcomes as item')
      .leftJoin('inbox_settlements as settled', 'settled.id', 'item.id')
      .select(['item.id', 'item.command', 'item.version', 'item.outcome', 'item.caused_by', 'item.device_id'])
      .select(['item.staff_id', 'item.at'])
      // Only an attempt is told from what it says.
      .select((eb) =>
        eb.case().when('item.command', '=', redoCommand).then(eb.ref('item.args')).else('null').end().as('args'),
      )
      .where('settled.id', 'is', null)
      .orderBy('item.decided_at', 'desc')
      .limit(mostCounted)
      .execute()
    const open = new Set(rows.map(({ id }) => id))
    const roots = rows.filter(({ caused_by }) => caused_by === null || !open.has(caused_by))
    const states = await statesOf(db, rows)
    const isFor = (row: (typeof rows)[number]): boolean => {
      const { accept, drop, redo } = rightsOf(row, states, context)
      return row.staff_id === context.staffId || accept || drop || redo
    }
    return { needs_you: roots.filter(isFor).length, open: roots.length }
  },
})
