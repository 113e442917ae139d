import type { HealthStatus, SyncStatus } from '../../src-shared/contract/ipc.ts'
import type { InstantText } from '../../src-shared/time.ts'
import { rowsText, tablesText } from './tables.ts'
import { momentText, type Place, secondText } from './when.ts'

/** Something that can be told by its colour and icon too. */
export interface Told {
  readonly tone: 'plain' | 'good' | 'warn' | 'danger'
  readonly text: string
}

/** `Everything until 14:02:11 is on the server.` */
export const sentText = ({ sent_up_to }: SyncStatus, now: InstantText, place: Place): string =>
  sent_up_to === null
    ? 'Nothing has gone to the server yet.'
    : `Everything until ${secondText(sent_up_to, now, place)} is on the server.`

/** `This computer has everything until 14:01:58.` */
export const receivedText = ({ received_up_to }: SyncStatus, now: InstantText, place: Place): string =>
  received_up_to === null
    ? 'Nothing has come from the server yet.'
    : `This computer has everything until ${secondText(received_up_to, now, place)}.`

const minute = 60_000
const units: readonly (readonly [ms: number, one: string, many: string])[] = [
  [24 * 60 * minute, 'day', 'days'],
  [60 * minute, 'hour', 'hours'],
  [minute, 'minute', 'minutes'],
]

/** `3 hours`, of the largest unit that fits; undefined for less than two minutes, which is as good as now. */
export const agoText = (at: InstantText, now: InstantText): string | undefined => {
  const passed = Date.parse(now) - Date.parse(at)
  if (passed < 2 * minute) return undefined
  const [ms, one, many] = units.find(([length]) => passed >= length) ?? [minute, 'minute', 'minutes']
  const count = Math.floor(passed / ms)
  return `${count} ${count === 1 ? one : many}`
}

/** What the server took away in masses waits for a person (FAULTS S11); undefined when nothing does. */
export const heldText = ({ held }: SyncStatus): string | undefined =>
  held === null ? undefined : 'Receiving is paused: a manager must look'

/** `Today is here. Other days are still coming: 43 %.`; undefined when all days are here. */
export const otherDaysText = ({ other_days }: SyncStatus, { locale }: Place): string | undefined => {
  if (other_days === null) return undefined
  const { received, total } = other_days
  if (total === null) return 'Today is here. Other days are still coming.'
  const share = Math.min(received / Math.max(total, 1), 1)
  return `Today is here. Other days are still coming: ${share.toLocaleString(locale, { style: 'percent' })}.`
}

/** Whether this computer holds what the server has, as far as is known. */
export const proofText = (status: SyncStatus, now: InstantText, place: Place): Told => {
  const { health, waiting, online } = status
  const underWay = activityText(health, waiting > 0, online)
  if (underWay !== undefined) return { tone: 'plain', text: underWay }
  if (health.compared_at === null) return { tone: 'plain', text: 'Not compared with the server yet.' }
  const at = momentText(health.compared_at, now, place)
  if (health.different.length === 0) {
    return { tone: 'good', text: `Compared at ${at}: this computer has exactly what the server has.` }
  }
  const what = tablesText(health.different)
  return {
    tone: 'danger',
    text: `At ${at} not everything here was as on the server: ${what}. It is tried again. Go on working, and tell your administrator.`,
  }
}

const activityText = ({ activity }: HealthStatus, isWaiting: boolean, isOnline: boolean) => {
  const texts: Readonly<Record<HealthStatus['activity'], string | undefined>> = {
    none: undefined,
    wanted: isOnline
      ? isWaiting
        ? 'Compares as soon as everything is sent.'
        : 'Compares again in a moment.'
      : 'Compares as soon as there is internet.',
    comparing: 'Comparing with the server. Go on working.',
    mending: 'Putting right what is not as on the server. Go on working.',
    renewing: 'Fetching everything from the server again. Go on working.',
  }
  return texts[activity]
}

/** What was put right. */
export const mendedText = ({ tables, everything }: HealthStatus['mended'][number], { locale }: Place): string =>
  everything ? 'Everything was fetched again.' : `Put right: ${rowsText(tables, locale)}.`

/** Tables of which the server says nothing, because it is of another version. */
export const skippedText = ({ skipped }: HealthStatus): string | undefined =>
  skipped === 0
    ? undefined
    : `${skipped === 1 ? '1 list' : `${skipped} lists`} could not be compared: Foyer here and on the server are of different versions.`
