import type { Desk } from '../desk/desk.ts'

type Settings = Pick<Desk, 'setting' | 'saveSetting'>

const settingName = 'answered'

/**
 * Up to which mutation the server has answered this computer, also before a restart: what comes after it is not decided,
 * whatever the log says (SPEC U5). Never more than `progress`: a server that was restored has lost answers.
 */
export const answeredUpTo = (desk: Settings, progress: number): number => {
  const kept = desk.setting(settingName)
  return kept === undefined ? progress : Math.min(progress, Number(kept))
}

export const keepAnswered = (desk: Settings, seq: number): void => {
  try {
    if (desk.setting(settingName) !== String(seq)) desk.saveSetting(settingName, String(seq))
  } catch {
    // A full disk must not hold up what can go out: without this note it is only sent once more.
  }
}
