import { instantToText } from '../../../src-shared/time.ts'
import type { Environment } from '../environment.ts'
import type { Store } from '../store.ts'
import { isOfDisk } from '../sqlite.ts'
import { answeredUpTo } from './answered.ts'

/** How long sent mutations are kept, to send them again when the server was restored from a backup (DESIGN.md §5). */
const keepSentMs = 35 * 24 * 3600 * 1000

/** A clock that runs ahead must not forget what a restored server may ask for. */
export const forgetOldSent = (
  store: Pick<Store, 'desk' | 'replica' | 'progress' | 'epoch'>,
  { clock }: Pick<Environment, 'clock'>,
): void => {
  const { desk, replica } = store
  const received = Date.parse(replica.readState().receivedUpTo ?? '1970-01-01')
  const before = Math.min(clock.now(), received) - keepSentMs
  try {
    desk.pruneSent(answeredUpTo(desk, store), instantToText(before))
  } catch (error) {
    // What the disk does not take now is done at the next start: nobody is kept out for it.
    if (!isOfDisk(error)) throw error
  }
}
