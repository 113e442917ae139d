import { afterEach, describe, expect, test } from 'vitest'
import { copyTooling, programs, type ToolingCopy } from '../support/tooling-copy.ts'

let copy: ToolingCopy

const plant = (files: Readonly<Record<string, string>>): ToolingCopy => {
  copy = copyTooling()
  for (const [path, text] of Object.entries(files)) copy.write(path, text)
  return copy
}

afterEach(() => copy.remove())

const lines = (count: number, line = 'x += 1'): string => `${line}\n`.repeat(count)

describe('the formatter', () => {
  test('passes what it would write itself', async () => {
    const { exitCode } = await plant({ 'src-shared/a.ts': "export const a = 'x'\n" }).run('oxfmt', '--check', '.')

    expect(exitCode).toBe(0)
  })

  // A folder named data lies among the sources too, so the ignored ones are the root's alone.
  test.each([...programs.map((program) => `${program}/a.ts`), 'src-main/data/a.ts'])('looks at %s', async (path) => {
    const { exitCode, output } = await plant({ [path]: 'export const a = "x";\n' }).run('oxfmt', '--check', '.')

    expect(exitCode).not.toBe(0)
    expect(output).toContain(path)
  })
})

describe('the linter', () => {
  const mistakes: Readonly<Record<string, string>> = {
    'max-lines': `let x = 0\n${lines(300)}export const last = x\n`,
    'max-lines-per-function': `export const long = (x: number): number => {\n${lines(60)}return x\n}\n`,
    'max-depth':
      'export const deep = (x: number) => { if (x) { if (x > 1) { if (x > 2) { if (x > 3) return 1 } } } return 0 }\n',
    'max-params': 'export const many = (a: 1, b: 1, c: 1, d: 1, e: 1): readonly 1[] => [a, b, c, d, e]\n',
    'no-default-export': 'const x = 1\nexport default x\n',
    'no-explicit-any': 'export const x = (value: any): unknown => value\n',
    'no-floating-promises': 'const later = async (): Promise<void> => {}\nexport const x = (): void => { later() }\n',
    'no-unused-vars': 'const unused = 1\nexport const x = 2\n',
    'no-console': "console.log('x')\nexport const x = 1\n",
    'no-unsafe-return': "export const x = (): number => JSON.parse('1')\n",
    'switch-exhaustiveness-check':
      "export const x = (v: 'a' | 'b'): void => { switch (v) { case 'a': throw new Error('a') } }\n",
    'no-cycle': "export { b as a } from './b.ts'\n",
  }

  test('names each mistake, and nothing else', async () => {
    const files = Object.fromEntries(
      Object.entries(mistakes).map(([rule, text]) => [`src-main/data/${rule}.ts`, text] as const),
    )
    const cycle = "import type { a } from './no-cycle.ts'\nexport const b = (x: typeof a) => x\n"
    const others = { 'src-main/data/b.ts': cycle, 'src-shared/fine.ts': 'export const fine = 1\n' }

    const { exitCode, output } = await plant({ ...files, ...others }).run('oxlint', '-f', 'unix')

    expect(exitCode).not.toBe(0)
    for (const rule of Object.keys(mistakes)) {
      expect(output.split('\n')).toContainEqual(expect.stringMatching(`^src-main/data/${rule}.ts.*\\(${rule}\\)`))
    }
    expect(output).not.toContain('fine.ts')
    expect(output).not.toContain('node_modules')
  })

  test('passes a tree without mistakes', async () => {
    const { exitCode } = await plant({ 'src-shared/fine.ts': 'export const fine = 1\n' }).run('oxlint')

    expect(exitCode).toBe(0)
  })
})

describe('the compiler', () => {
  test('reads every program: a pattern that matches nothing would pass', async () => {
    const wrong = programs.map((program) => [`${program}/folder/wrong.ts`, "export const x: number = 'x'\n"] as const)

    const { exitCode, output } = await plant(Object.fromEntries(wrong)).run('tsc', '-b')

    expect(exitCode).not.toBe(0)
    for (const program of programs) expect(output).toContain(`${program}/folder/wrong.ts(1,14): error TS2322`)
  })

  test('passes when nothing is wrong', async () => {
    const fine = programs.map((program) => [`${program}/fine.ts`, 'export const x = 1\n'] as const)

    const { exitCode, output } = await plant(Object.fromEntries(fine)).run('tsc', '-b')

    expect(output).toBe('')
    expect(exitCode).toBe(0)
  })
})

describe('knip', () => {
  test('names dead files, dead exports and packages that nobody uses or nobody listed', async () => {
    const { exitCode, output } = await plant({
      'sync-server/main.ts': "import 'left-pad'\nimport { used } from './used.ts'\nprocess.exitCode = used\n",
      'sync-server/used.ts': 'export const used = 1\nexport const deadExport = 2\n',
      'sync-server/dead-file.ts': 'export const x = 1\n',
    }).run('knip')

    expect(exitCode).not.toBe(0)
    for (const finding of ['sync-server/dead-file.ts', 'deadExport', 'left-pad', 'fastify']) {
      expect(output).toContain(finding)
    }
    expect(output).not.toMatch(/^used /m)
  })
})
