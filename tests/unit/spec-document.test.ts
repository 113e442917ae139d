import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const document = readFileSync(join(root, 'src-main/data/sync/SPEC.md'), 'utf8')

/** `- **R1** …`: what a rule is called. */
const rules = [...document.matchAll(/^- \*\*([A-Z]\d+)\*\* /gm)].map(([, rule = '']) => rule)

/** Where titles of tests are, and names of mutants, each of which a seed of the simulator must kill. */
const files = [
  ...readdirSync(join(root, 'tests'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('tests', name)),
  'build/sim/mutants-desk.ts',
  'build/sim/mutants-server.ts',
]

/** `'… (D5, W7)'`, `'… (R1-R7)'`: what the parentheses in a title name. */
const namedIn = (text: string): readonly string[] =>
  [...text.matchAll(/^.*\b(?:test|describe|each|name)\b.*|^\s+'.*/gm)]
    .flatMap(([line]) => [...line.matchAll(/\(([^()]*\d)\)/g)])
    .flatMap(([, names = '']) => names.split(', '))
    .flatMap(rangeOf)

const rangeOf = (names: string): readonly string[] => {
  const [, letter = '', from, to] = /^([A-Z])(\d+)-\1(\d+)$/.exec(names) ?? []
  if (from === undefined) return [names]
  return Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => `${letter}${Number(from) + index}`)
}

/** `H1` alone is a fault of the catalogue (docs/faults.md). */
const wanted = (rule: string): string => (rule.startsWith('H') ? `SPEC ${rule}` : rule)

describe('the rules of the sync engine', () => {
  const named = new Set(files.flatMap((file) => namedIn(readFileSync(join(root, file), 'utf8'))))

  test('have each a name of their own', () => {
    expect(rules.length).toBeGreaterThanOrEqual(50)
    expect(new Set(rules).size).toBe(rules.length)
  })

  test.each(rules)('%s is named by a test, or by a mutant that the simulator kills', (rule) => {
    expect([...named]).toContain(wanted(rule))
  })

  test('are what tests mean by such names', () => {
    const unknown = [...named].filter((name) => /^(SPEC H|[RWX])\d+$/.test(name) && !rules.map(wanted).includes(name))

    expect(unknown).toEqual([])
  })
})
