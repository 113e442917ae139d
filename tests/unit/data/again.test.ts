import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { again } from '../../../src-main/data/again.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('work that fails is tried again and told once, until it goes again (D4)', async () => {
  const fails = [true, true, false, true, false]
  const work = vi.fn<() => Promise<void>>(async () => {
    if (fails.shift()) throw new Error('The disk fails')
  })
  const onFault = vi.fn<(error: unknown) => void>()

  again(work, { everyMs: 10_000, onFault })
  const told: number[] = []
  for (let round = 0; round < 5; round += 1) {
    await vi.advanceTimersByTimeAsync(round === 0 ? 0 : 10_000)
    told.push(onFault.mock.calls.length)
  }

  expect(work).toHaveBeenCalledTimes(5)
  expect(told).toEqual([1, 1, 1, 2, 2])
})
