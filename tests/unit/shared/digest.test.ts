import { hash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { digestSum, emptyDigest, rowText, tableForm } from '../../../src-shared/replica/digest.ts'
import { instant, integer, text, uuid } from '../../../src-shared/schema/columns.ts'
import { organizationScope, table } from '../../../src-shared/schema/table.ts'

const textHash = (content: string): string => hash('sha256', content, 'binary')

const notes = table(
  'notes',
  { id: uuid(), organization_id: uuid(), text: text(500).nullable(), count: integer(), at: instant() },
  { scope: organizationScope() },
)

type Values = readonly unknown[]

const row: fc.Arbitrary<Values> = fc.tuple(
  fc.uuid(),
  fc.uuid(),
  fc.option(fc.string({ unit: 'binary' })),
  fc.maxSafeInteger(),
  fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
)

const digestOf = (rows: readonly Values[]) => {
  const sum = digestSum(notes, textHash)
  for (const values of rows) sum.add(values)
  return sum.read()
}

describe('the digest of a table', () => {
  test('is the same in whatever order the rows come', () => {
    const shuffled = fc
      .array(row, { maxLength: 40 })
      .chain((rows) => fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length })))

    fc.assert(
      fc.property(shuffled, ([rows, others]) => {
        expect(digestOf(others)).toEqual(digestOf(rows))
      }),
    )
  })

  test('of rows that came and went is that of the rows that are left', () => {
    const histories = fc.tuple(fc.array(row), fc.array(row), fc.array(row))

    fc.assert(
      fc.property(histories, ([before, gone, after]) => {
        const sum = digestSum(notes, textHash, digestOf([...before, ...gone]))
        for (const values of after) sum.add(values)
        for (const values of gone) sum.remove(values)

        expect(sum.read()).toEqual(digestOf([...before, ...after]))
      }),
    )
  })

  test('is that of nothing when every row has gone, however many there were', () => {
    const sum = digestSum(notes, () => '\u00ff'.repeat(16))
    const values = ['', '', '', 0, '']

    for (let n = 0; n < 2 ** 20 + 10; n += 1) sum.remove(values)
    for (let n = 0; n < 2 ** 20 + 10; n += 1) sum.add(values)

    expect(sum.read()).toEqual(emptyDigest)
  })

  test('carries over from word to word, and forgets what is beyond 128 bits', () => {
    const sum = digestSum(notes, () => '\u00ff'.repeat(16))
    const values = ['', '', '', 0, '']

    sum.add(values)
    sum.add(values)

    // Twice 2^128 − 1.
    expect(sum.read()).toEqual({ rows: 2, digest: `${'f'.repeat(31)}e` })
  })

  test('tells two rows from one that is there twice', () => {
    const values = ['a', 'b', null, 1, 'c']

    expect(digestOf([values, values])).not.toEqual(digestOf([values]))
    expect(digestOf([values, values]).digest).not.toBe(emptyDigest.digest)
  })
})

describe('the text of a row', () => {
  test('differs where any value differs', () => {
    const pairs = fc.tuple(row, row).filter(([one, two]) => one.some((value, index) => value !== two[index]))

    fc.assert(
      fc.property(pairs, ([one, two]) => {
        expect(rowText(notes, one)).not.toBe(rowText(notes, two))
      }),
    )
  })

  test('tells null, the text null and nothing at all apart, and text from numbers', () => {
    const texts = [null, 'null', '', '0', 0, ' '].map((value) => rowText(notes, ['', '', value, 0, '']))

    expect(new Set(texts).size).toBe(texts.length)
  })

  test('does not let a value reach into the next one', () => {
    expect(rowText(notes, ['a', 'b","c', null, 0, ''])).not.toBe(rowText(notes, ['a","b', 'c', null, 0, '']))
  })

  test('is that of what SQLite stores, for booleans and big integers', () => {
    expect(rowText(notes, ['', '', true, 7n, ''])).toBe(rowText(notes, ['', '', 1, 7, '']))
  })

  test('names its table: a row in the wrong table is another row', () => {
    const values = ['a', 'b', null, 1, 'c']

    expect(rowText({ ...notes, name: 'others' }, values)).not.toBe(rowText(notes, values))
  })
})

test('a row with another number of values is not counted at all', () => {
  expect(() => digestSum(notes, textHash).add(['a'])).toThrow('notes has 5 columns, not 1')
})

test('the form of a table changes with its columns, in name, kind or order', () => {
  const { id, organization_id, ...rest } = notes.columns
  const forms = [
    notes,
    { ...notes, columns: { id, organization_id } },
    { ...notes, columns: { ...rest, id, organization_id } },
    { ...notes, columns: { ...notes.columns, text: integer() } },
  ].map((each) => tableForm(each, textHash))

  expect(new Set(forms).size).toBe(forms.length)
  expect(forms[0]).toMatch(/^[0-9a-f]{16}$/)
})
