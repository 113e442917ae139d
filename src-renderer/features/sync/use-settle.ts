import { acceptItem } from '../../../src-shared/commands/inbox/accept.ts'
import { dropItem } from '../../../src-shared/commands/inbox/drop.ts'
import { redoItem } from '../../../src-shared/commands/inbox/redo.ts'
import type { ErrorData, Reply } from '../../../src-shared/errors.ts'
import type { InboxItem } from '../../../src-shared/queries/inbox.ts'
import { useCommand } from '../../app/use-command.ts'
import { errorText } from '../../texts/errors.ts'
import { useToasts } from '../../ui/toasts.tsx'

export interface Settle {
  readonly accept: () => Promise<void>
  readonly drop: (why: string) => Promise<ErrorData | undefined>
  readonly redo: (args: unknown, note: string | null) => Promise<ErrorData | undefined>
}

const idsOf = (items: readonly InboxItem[]): string[] => items.map(({ id }) => id)

/** Settles an item for all desks, together with what is shown under it. What goes wrong is answered, and shown. */
export const useSettle = (item: InboxItem): Settle => {
  const run = useCommand()
  const show = useToasts((toasts) => toasts.show)
  const { id: outcome_id, under } = item

  const told = (reply: Reply<unknown>, text: string): ErrorData | undefined => {
    show(reply.ok ? { text } : { text: errorText(reply.error), tone: 'warn' })
    return reply.ok ? undefined : reply.error
  }
  return {
    async accept() {
      const also = idsOf(under.filter(({ may }) => may.accept))
      told(await run(acceptItem, { outcome_id, also, note: null }), 'Accepted, for all desks.')
    },
    async drop(note) {
      const also = idsOf(under.filter(({ may, is_notice }) => may.drop || is_notice))
      return told(await run(dropItem, { outcome_id, also, note }), 'Dropped, for all desks.')
    },
    async redo(args, note) {
      const also = idsOf(under.filter(({ is_attempt, is_notice }) => is_attempt || is_notice))
      const { command, version } = item
      const again = { outcome_id, also, note, command, version: Math.max(1, version), args }
      return told(await run(redoItem, again), 'Done again. It is saved on this computer.')
    },
  }
}
