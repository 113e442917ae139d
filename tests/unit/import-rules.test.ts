import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { copyTooling, type ToolingCopy } from '../support/tooling-copy.ts'

/** Folder of the importing file, and what it may not import. */
const forbiddenByLint: readonly (readonly [string, ...string[]])[] = [
  ['src-shared/', 'node:fs', 'react', 'pg', 'kysely/helpers/postgres', './schema/x.ts', './contract/x.ts'],
  ['src-shared/schema/', 'pg', '../rules/x.ts', '../queries/x.ts', '../commands/x.ts', '../contract/x.ts'],
  ['src-shared/schema/tables/', 'electron', '../../queries/x.ts', '../../commands/x.ts'],
  ['src-shared/rules/', 'node:crypto', '../queries/x.ts', '../commands/x.ts', '../contract/x.ts'],
  ['src-shared/replica/', 'better-sqlite3', '../queries/x.ts', '../commands/x.ts', '../contract/x.ts'],
  ['src-shared/queries/', 'better-sqlite3', '../commands/x.ts', '../contract/x.ts'],
  ['src-shared/commands/', 'better-sqlite3', '../queries/x.ts', '../contract/x.ts'],
  ['src-shared/contract/', 'fastify', 'electron'],
  ['src-main/', 'react', 'fastify', 'pg', '@mantine/core'],
  ['src-main/shell/', 'fastify', 'react-dom/server'],
  ['src-main/data/', 'electron', 'electron-updater', '../shell/x.ts', '../windows.ts', 'pg'],
  ['src-main/data/sync/', 'electron', '../../shell/x.ts', '../../menu.ts'],
  ['src-main/data/outbox/', 'electron', '../../shell/x.ts', '../../updates.ts'],
  ['src-main/data/replica/', 'electron', '../sync/x.ts', '../outbox/x.ts', '../../shell/x.ts'],
  ['src-preload/', 'zod', 'node:fs', '../src-shared/errors.ts', '../src-shared/schema/x.ts', '../src-main/x.ts'],
  ['src-renderer/', 'electron', 'node:fs', 'pg', 'fastify', 'better-sqlite3', '@electric-sql/client', 'kysely'],
  ['src-renderer/app/', 'electron', '../features/counter/x.ts'],
  ['src-renderer/ui/', 'electron', '../app/x.ts', '../features/counter/x.ts'],
  ['src-renderer/features/class/', 'electron', '../counter/x.ts', '../x.ts', '../../features/counter/x.ts'],
  ['src-renderer/features/class/roll/', '../../counter/x.ts', '../../../features/counter/x.ts', 'pg'],
  ['src-renderer/features/class/roll/row/', './x.ts'],
  ['sync-server/', 'electron', 'better-sqlite3', 'react', '@electric-sql/client'],
  ['sync-server/routes/', 'electron', 'better-sqlite3'],
  ['sync-server/snapshots/', 'electron', '@electric-sql/client'],
]

const allowed: readonly (readonly [string, ...string[]])[] = [
  ['src-shared/', 'zod', 'temporal-polyfill', './money.ts'],
  ['src-shared/schema/tables/', 'zod', 'kysely', '../columns.ts', '../../errors.ts'],
  ['src-shared/rules/', '../schema/x.ts', '../errors.ts'],
  ['src-shared/replica/', '../schema/x.ts', '../rules/x.ts', './x.ts'],
  ['src-shared/queries/', 'kysely', '../schema/x.ts', '../rules/x.ts'],
  ['src-shared/commands/', 'zod', '../schema/x.ts', '../rules/x.ts'],
  ['src-shared/contract/', 'zod', '../commands/x.ts', '../queries/x.ts', '../schema/x.ts'],
  ['src-main/', 'electron', 'node:fs/promises', './data/x.ts', './shell/x.ts', '../src-shared/errors.ts'],
  ['src-main/data/', 'better-sqlite3', 'node:fs', './replica/x.ts', '../ipc/x.ts', '../printing/x.ts'],
  ['src-main/data/sync/', '@electric-sql/client', '../replica/x.ts', '../../../src-shared/errors.ts'],
  ['src-main/data/replica/', 'better-sqlite3', 'kysely', './x.ts'],
  ['src-preload/', 'electron', '../src-shared/contract/x.ts'],
  ['src-renderer/', 'react', 'react-dom/client', '@mantine/core/styles.css', './features/class/x.ts'],
  ['src-renderer/app/', 'zustand', '../ui/x.ts', '../../src-shared/errors.ts'],
  ['src-renderer/features/class/', './x.ts', './roll/x.ts', '../../app/x.ts', '../../../src-shared/errors.ts'],
  ['src-renderer/features/class/roll/', './x.ts', '../x.ts', '../../../ui/x.ts', '../../../../src-shared/errors.ts'],
  ['sync-server/', 'fastify', '@fastify/rate-limit', 'pg', 'node:http', './routes/x.ts', '../src-shared/errors.ts'],
  ['sync-server/snapshots/', 'better-sqlite3', 'pg', '../../src-shared/replica/x.ts'],
]

const forbiddenBetweenPrograms: readonly (readonly [string, ...string[]])[] = [
  ['src-shared', 'src-main', 'src-preload', 'src-renderer', 'sync-server', 'build', 'tests'],
  ['src-main', 'src-preload', 'src-renderer', 'sync-server', 'build', 'tests'],
  ['src-preload', 'src-main', 'src-renderer', 'sync-server', 'build', 'tests'],
  ['src-renderer', 'src-main', 'src-preload', 'sync-server', 'build', 'tests'],
  ['sync-server', 'src-main', 'src-preload', 'src-renderer', 'build', 'tests'],
  ['build', 'src-preload', 'src-renderer', 'tests'],
]

const forms = [
  (specifier: string) => `import '${specifier}'`,
  (specifier: string) => `import type { X } from '${specifier}'`,
  (specifier: string) => `export * from '${specifier}'`,
  (specifier: string) => `export const x = await import('${specifier}')`,
]

const pairsOf = (rows: readonly (readonly [string, ...string[]])[]) =>
  rows.flatMap(([from, ...specifiers]) => specifiers.map((specifier) => ({ from, specifier })))

/** One file per import and form, named after it. */
const fileOf = (from: string, specifier: string, form = 0): string =>
  `${from}imports-${specifier.replaceAll('/', '+').replaceAll(':', '=')}-${form}.ts`

const lintReport = z.object({ diagnostics: z.array(z.object({ code: z.string(), filename: z.string() })) })

describe('the linter', () => {
  let copy: ToolingCopy
  let refused: ReadonlySet<string>

  beforeAll(async () => {
    copy = copyTooling()
    for (const { from, specifier } of pairsOf([...forbiddenByLint, ...allowed])) {
      for (const [form, write] of forms.entries()) copy.write(fileOf(from, specifier, form), `${write(specifier)}\n`)
    }
    const { output } = await copy.run('oxlint', '--format', 'json')
    const { diagnostics } = lintReport.parse(JSON.parse(output))
    refused = new Set(
      diagnostics.filter(({ code }) => code === 'eslint(no-restricted-imports)').map(({ filename }) => filename),
    )
  })

  afterAll(() => copy.remove())

  test.each(pairsOf(forbiddenByLint))('forbids $from to import $specifier', ({ from, specifier }) => {
    for (const form of forms.keys()) expect(refused).toContain(fileOf(from, specifier, form))
  })

  test.each(pairsOf(allowed))('lets $from import $specifier', ({ from, specifier }) => {
    for (const form of forms.keys()) expect(refused).not.toContain(fileOf(from, specifier, form))
  })
})

describe('the project references', () => {
  let copy: ToolingCopy
  let errors: readonly string[]
  const errorsIn = (file: string): string => errors.filter((line) => line.startsWith(file)).join('\n')

  beforeAll(async () => {
    copy = copyTooling()
    const programs = new Set(forbiddenBetweenPrograms.flat())
    for (const program of programs) copy.write(`${program}/target.ts`, 'export const target = 1\n')
    for (const { from, specifier: to } of pairsOf(forbiddenBetweenPrograms)) {
      copy.write(fileOf(`${from}/`, to), `export { target } from '../${to}/target.ts'\n`)
    }
    copy.write('src-shared/files.ts', "export { readFileSync } from 'node:fs'\n")
    copy.write('src-shared/machine.ts', 'export const arch = process.arch\n')
    copy.write('src-shared/page.ts', 'export const page = document.title\n')
    copy.write('src-renderer/machine.ts', 'export const arch = process.arch\n')
    copy.write('sync-server/page.ts', 'export const page = document.title\n')
    copy.write('src-main/page.ts', 'export const page = document.title\n')
    copy.write('src-main/fine.ts', "export { target } from '../src-shared/target.ts'\n")
    errors = (await copy.run('tsc', '-b')).output.split('\n')
  })

  afterAll(() => copy.remove())

  test.each(pairsOf(forbiddenBetweenPrograms))('keep $specifier out of $from', ({ from, specifier }) => {
    const file = fileOf(`${from}/`, specifier)
    expect(errorsIn(file)).toContain('error TS6307')
  })

  test.each([
    'src-shared/files.ts',
    'src-shared/machine.ts',
    'src-shared/page.ts',
    'src-renderer/machine.ts',
    'src-main/page.ts',
    'sync-server/page.ts',
  ])('leave no platform to reach for in %s', (file) => {
    expect(errorsIn(file)).toContain('error TS')
  })

  test('let a program import src-shared', () => {
    expect(errorsIn('src-main/fine.ts')).toBe('')
  })
})
