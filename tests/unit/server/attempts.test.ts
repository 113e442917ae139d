import { describe, expect, test } from 'vitest'
import { createAttempts } from '../../../sync-server/auth/attempts.ts'

const setUp = () => {
  let nowMs = 0
  const attempts = createAttempts(3, 60, () => nowMs)
  return {
    ...attempts,
    wait: (seconds: number) => {
      nowMs += seconds * 1000
    },
    isLocked: (key: string): boolean => {
      try {
        attempts.check([key])
        return false
      } catch {
        return true
      }
    },
  }
}

describe('failed tries', () => {
  test('lock their key from the third on, and no other', () => {
    const { fail, isLocked } = setUp()

    for (let tries = 0; tries < 3; tries++) fail(['a'])

    expect([isLocked('a'), isLocked('b')]).toEqual([true, false])
  })

  test('are forgotten a minute after the first, and said how long that is', () => {
    const { check, fail, isLocked, wait } = setUp()
    fail(['a'])
    wait(20)
    fail(['a'])
    fail(['a'])

    expect(() => check(['a'])).toThrow(expect.objectContaining({ details: { retry_after_seconds: 40 } }))
    wait(40)
    expect(isLocked('a')).toBe(false)
  })

  test('are forgotten by a right one', () => {
    const { fail, succeed, isLocked } = setUp()
    fail(['a'])
    fail(['a'])

    succeed(['a'])
    fail(['a'])

    expect(isLocked('a')).toBe(false)
  })
})
