import type { Store } from '../../../src-main/data/store.ts'
import { syncedTables } from '../../../src-shared/schema/tables.ts'
import type { SimDevice } from '../device.ts'
import type { History } from '../history.ts'
import type { Chance } from '../random.ts'
import type { Reader } from '../reader.ts'
import type { Scheduler } from '../scheduler.ts'
import type { Verdict } from './verdict.ts'

interface ProofParts {
  readonly scheduler: Scheduler
  readonly history: History
  readonly verdict: Verdict
  readonly chance: Chance
}

/** It reads the whole replica twice: of a hundred moments so many. */
const howOften = 40

/**
 * R1: what is shown is the log and all that is unsent, run after it. Now and then all of that is undone and run again, which the
 * engine does only where it thinks that it has to: nothing may look different.
 */
export const createRerunProof = ({
  scheduler,
  history,
  verdict,
  chance,
}: ProofParts): ((device: SimDevice) => void) => {
  const waiting = new Set<SimDevice>()

  const prove = async (device: SimDevice): Promise<void> => {
    const { store } = device
    const reader = device.reader()
    if (!store || !reader || !isUnsentShown(store, reader)) return
    const { position, handle } = store.replica.readState()
    const [place, before] = [placeOf(store), rowsOf(reader)]
    const mended = await store.mend([], { position, handle })
    // Somebody else was quicker, and has changed it meanwhile.
    if (!mended || device.store !== store || placeOf(store) !== place) return
    const after = rowsOf(reader)
    const differing = [...before.keys()].filter((table) => before.get(table) !== after.get(table))
    verdict.check('R1', differing.length === 0, () => {
      const [table = ''] = differing
      return `${device.name}: run again, what is unsent shows other ${differing.join()}: ${before.get(table)} / ${after.get(table)}`
    })
  }

  return (device) => {
    if (waiting.has(device) || !chance.happens(howOften)) return
    waiting.add(device)
    scheduler.after(1, () => {
      waiting.delete(device)
      history.count('reruns of all')
      prove(device).catch((error: unknown) => device.judge('a rerun of all', error))
    })
  }
}

const isUnsentShown = (store: Store, reader: Reader): boolean => {
  const { appliedSeq, handle, isStale } = store.replica.readState()
  const isAll = appliedSeq >= store.desk.lastSeq() && handle !== undefined && !isStale
  return isAll && reader.value('select 1 from before_images') !== undefined
}

/** Where the replica and the numbers of the desk are. */
const placeOf = ({ replica, desk }: Store): string => {
  const { latestHlc: _, ...state } = replica.readState()
  return JSON.stringify([replica.file, state, desk.lastSeq()])
}

/** Without the refusal of a command that this program does not know when it runs it again. */
const rowsOf = (reader: Reader): ReadonlyMap<string, string> =>
  new Map(
    [...Object.keys(syncedTables), 'local_refusals'].map((name) => {
      const rows = reader.all(`select * from "${name}" order by 1`)
      return [name, JSON.stringify(rows.filter((row) => !String(row['error']).includes('unknown_command')))] as const
    }),
  )
