import { dateAt, type InstantText, instantToText, lengthBetween } from '../../src-shared/time.ts'
import type { Place } from './when.ts'

/** What time it is by the server, as far as it is known. */
export const serverTime = (now: InstantText, aheadSeconds: number): InstantText =>
  instantToText(Date.parse(now) - aheadSeconds * 1000)

/** `3 hours`, `1 hour, 30 minutes`: in English, as the sentence that it stands in. */
const lengthText = (from: InstantText, until: InstantText): string =>
  new Intl.DurationFormat('en', { style: 'long' }).format(lengthBetween(from, until))

/** While the clock of this computer is wrong (FAULTS T4); `now` is what it shows. */
export const clockTexts = (now: InstantText, aheadSeconds: number, { time_zone }: Place) => {
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
