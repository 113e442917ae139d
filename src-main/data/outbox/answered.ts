import type { Desk } from '../desk/desk.ts'
import type { Store } from '../store.ts'

type Settings = Pick<Desk, 'setting' | 'saveSetting'>

/** What the shown log says is decided, and in which history of the server. */
export type Decided = Pick<Store, 'progress' | 'epoch'>

const settingName = 'answered'

const toText = (seq: number, epoch: string | undefined): string => `${seq} ${epoch ?? ''}`

/**
 * Up to which mutation the server has answered this computer, also before a restart: what comes after it is not decided,
 * whatever the log says (SPEC U5). Never more than `progress`: a server that was restored has lost answers. In another
 * history than the answers come from none of them counts (U8).
 */
export const answeredUpTo = (desk: Settings, { progress, epoch }: Decided): number => {
  const kept = desk.setting(settingName)
  if (kept === undefined) return progress
  const seq = Number.parseInt(kept, 10)
  return kept === toText(seq, epoch) ? Math.min(progress, seq) : 0
}

export const keepAnswered = (desk: Settings, seq: number, epoch: string | undefined): void => {
  const text = toText(seq, epoch)
  try {
    if (desk.setting(settingName) !== text) desk.saveSetting(settingName, text)
  } catch {
    // A full disk must not hold up what can go out: without this note it is only sent once more.
  }
}
