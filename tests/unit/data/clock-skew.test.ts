import { expect, test } from 'vitest'
import { clockSkew, secondsAhead } from '../../../src-main/data/sync/clock-skew.ts'

const serverMs = Date.parse('2026-11-21T05:05:00.000Z')
const date = new Date(serverMs).toUTCString()
const minute = 60
const year = 365 * 24 * 3600

/** By a clock that is so many seconds ahead, of an answer that took a second. */
const measured = (seconds: number, before = 0): number => {
  const cameMs = serverMs + seconds * 1000
  return secondsAhead({ askedMs: cameMs - 1000, cameMs, date }, before)
}

test.each([3 * year, -10 * year, 3 * 3600, -3 * 3600, 2 * minute, -2 * minute])(
  'a clock that is %i seconds ahead is wrong by so many (T4)',
  (seconds) => {
    expect(measured(seconds)).toBe(seconds)
  },
)

test.each([0, 1, -1, 119, -119])('nobody is told of %i seconds', (seconds) => {
  expect(measured(seconds)).toBe(0)
})

test('a clock that was put right is right with the next answer', () => {
  expect(measured(1, 3 * year)).toBe(0)
})

test('what people read stays while one clock is measured a little differently, also at the limit', () => {
  const seen = [110, 125, 115, 130, 100].reduce<number[]>((all, seconds) => [...all, measured(seconds, all.at(-1))], [])

  expect(seen).toEqual([0, 125, 125, 125, 125])
})

test('a request that was held is judged by when its answer came', () => {
  const cameMs = serverMs + 300_000

  expect(secondsAhead({ askedMs: cameMs - 20_000, cameMs, date }, 0)).toBe(300)
})

test.each([
  ['without a date', { date: null }],
  ['with a date that is none', { date: 'yesterday' }],
  ['that took longer than any, because the computer slept', { askedMs: serverMs + year * 1000 - 26_000 }],
  ['during which the clock was set back', { askedMs: serverMs + year * 1000 + 1000 }],
])('an answer %s tells nothing', (_why, over) => {
  const cameMs = serverMs + year * 1000
  const answered = { askedMs: cameMs - 1000, cameMs, date, ...over }

  expect(secondsAhead(answered, 0)).toBe(0)
  expect(secondsAhead(answered, -3 * year)).toBe(-3 * year)
})

test('a clock is measured by the time of the request and of its answer', () => {
  let nowMs = serverMs + year * 1000
  const news: number[] = []
  const after = () => () => undefined
  const skew = clockSkew({ now: () => nowMs, after }, () => news.push(skew.secondsAhead()))

  const tell = skew.ask()
  nowMs += 2000
  tell(date)
  tell(date)

  expect(skew.secondsAhead()).toBe(year + 2)
  expect(news).toEqual([year + 2])
})

test('of a clock that was set since nothing is known, also without another answer', () => {
  let nowMs = serverMs + year * 1000
  let look = (): void => undefined
  const after = (_ms: number, work: () => void) => {
    look = work
    return () => undefined
  }
  const skew = clockSkew({ now: () => nowMs, after }, () => undefined)
  skew.ask()(date)

  nowMs += 60_000
  look()
  const whileItRuns = skew.secondsAhead()
  nowMs -= year * 1000
  look()

  expect(whileItRuns).toBe(year)
  expect(skew.secondsAhead()).toBe(0)
})
