import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { coalesced } from '../../../src-main/data/coalesced.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

test('calls of one turn are one run, after it', () => {
  const work = vi.fn<() => void>()
  const call = coalesced(work)

  call()
  call()
  expect(work).not.toHaveBeenCalled()
  vi.advanceTimersByTime(0)
  expect(work).toHaveBeenCalledTimes(1)

  call()
  vi.advanceTimersByTime(0)
  expect(work).toHaveBeenCalledTimes(2)
})

test('what is called all the time runs once in each pause, the last call included', () => {
  const work = vi.fn<() => void>()
  const call = coalesced(work, 50)

  for (let at = 0; at < 180; at += 5) {
    call()
    vi.advanceTimersByTime(5)
  }
  expect(work).toHaveBeenCalledTimes(4)
  vi.advanceTimersByTime(50)
  expect(work).toHaveBeenCalledTimes(5)
  vi.advanceTimersByTime(500)
  expect(work).toHaveBeenCalledTimes(5)

  call()
  vi.advanceTimersByTime(0)
  expect(work).toHaveBeenCalledTimes(6)
})
