import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const document = readFileSync(join(root, 'docs/faults.md'), 'utf8')

/** `| D1 | what | where |`: the cells of every row that begins with the id of a fault. */
const rows = [...document.matchAll(/^\| ([DTNSBH]\d+) \|(.+)\|$/gm)].map(([, id = '', cells = '']) => {
  const [what = '', where = ''] = cells.split(' | ').map((cell) => cell.trim())
  return { id, what, where, files: [...where.matchAll(/`((?:tests|build)\/[^`]+)`/g)].map(([, file = '']) => file) }
})

const catalogue = { D: 17, T: 4, N: 11, S: 12, B: 10, H: 9 }
const ids = Object.entries(catalogue).flatMap(([letter, count]) =>
  Array.from({ length: count }, (_, index) => `${letter}${index + 1}`),
)

describe('the table of faults', () => {
  test('has a row for each of the catalogue', () => {
    expect(rows.map(({ id }) => id)).toEqual(ids)
  })

  test.each(rows)('$id has a test that makes it, or the reason why none does', ({ id, where, files }) => {
    const names = files.map((file) => (existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : ''))
    const isNamed = names.every((text) => new RegExp(`\\b${id}\\b`).test(text))

    expect(files.length > 0 ? names.every((text) => text !== '') && isNamed : where.startsWith('Not made:')).toBe(true)
  })
})
