import type { SyncStatus } from '../../src-shared/contract/ipc.ts'
import { dateAt, type InstantText, instantToText, lengthBetween } from '../../src-shared/time.ts'
import type { Place } from './when.ts'

/** What time it is by the server, as far as it is known. */
export const serverTime = (now: InstantText, aheadSeconds: number): InstantText =>
  instantToText(Date.parse(now) - aheadSeconds * 1000)

/** `3 hours`, `1 hour, 30 minutes`: in English, as the sentence that it stands in. */
const lengthText = (from: InstantText, until: InstantText): string =>
  new Intl.DurationFormat('en', { style: 'long' }).format(lengthBetween(from, until))

interface Told {
  readonly title: string
  readonly body: string
}

/** What is to be said of the clock of this computer, which shows `now` (FAULTS T4); undefined while it seems right. */
export const clockTexts = (
  { clock_ahead_seconds, problem }: Pick<SyncStatus, 'clock_ahead_seconds' | 'problem'>,
  now: InstantText,
  place: Place,
): Told | undefined => {
  if (problem?.details['certificate'] === 'not_now') return certificateTexts
  return clock_ahead_seconds === null ? undefined : wrongTexts(clock_ahead_seconds, now, place)
}

/** Without a single answer nobody knows which of the two it is. */
const certificateTexts: Told = {
  title: 'The date of this computer may be wrong.',
  body: 'By it the certificate of the server does not hold, so nothing is sent or received. What you do is saved. Set the right date and time; if they are right, tell your administrator.',
}

const wrongTexts = (aheadSeconds: number, now: InstantText, { time_zone }: Place): Told => {
  const right = serverTime(now, aheadSeconds)
  const [length, direction] = aheadSeconds > 0 ? [lengthText(right, now), 'ahead'] : [lengthText(now, right), 'behind']
  const isOtherDay = dateAt(now, time_zone) !== dateAt(right, time_zone)
  return {
    title: `The clock of this computer is ${length} ${direction}.`,
    body: `What you do is saved and sent, but with a wrong time${
      isOtherDay ? ', and today’s lists are of another day' : ''
    }. Set the right date and time.`,
  }
}
