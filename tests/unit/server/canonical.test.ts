import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkShape, hashOfMutation, hasSharedTextsOnly } from '../../../sync-server/mutations/canonical.ts'

const shuffled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shuffled)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, item]) => [key, shuffled(item)]),
  )
}

describe('the hash of a mutation', () => {
  test('does not change with the order of keys, at any depth', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(hashOfMutation(shuffled(value))).toBe(hashOfMutation(value))
      }),
    )
  })

  test('changes with everything else', () => {
    expect(hashOfMutation({ a: [1, 2] })).not.toBe(hashOfMutation({ a: [2, 1] }))
    expect(hashOfMutation({ a: '1' })).not.toBe(hashOfMutation({ a: 1 }))
    expect(hashOfMutation({ a: null })).not.toBe(hashOfMutation({}))
  })
})

describe('the shape of a body', () => {
  const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown

  test('may be 32 levels deep, and never runs out of stack (H2)', () => {
    expect(() => checkShape(nested(32))).not.toThrow()
    expect(() => checkShape(nested(40))).toThrow('nested deeper')
    expect(() => checkShape(nested(300_000))).toThrow('nested deeper')
  })

  test('may have a thousand keys', () => {
    const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, n]))

    expect(() => checkShape([keys(1000)])).not.toThrow()
    expect(() => checkShape([keys(1001)])).toThrow('keys')
  })
})

test.each([
  [{ a: ['fine', { b: 'Zoë 🏊' }] }, true],
  [{ a: ['\0'] }, false],
  [{ 'a\0': 1 }, false],
  ['\uDC00', false],
  [[['\uD83C']], false],
])('whether %o can be kept by both databases: %s', (value, expected) => {
  expect(hasSharedTextsOnly(value)).toBe(expected)
})
