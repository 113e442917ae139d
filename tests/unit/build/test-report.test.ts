import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { closingLine, readReport } from '../../../build/test-report.ts'

const folder = mkdtempSync(join(tmpdir(), 'foyer-report-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const reportOf = (content: unknown): string => {
  const path = join(folder, 'report.json')
  writeFileSync(path, JSON.stringify(content))
  return path
}

const vitest = (passed: number, failed: number, files: readonly object[] = []) =>
  reportOf({
    numPassedTests: passed,
    numFailedTests: failed,
    numPendingTests: 1,
    numTodoTests: 1,
    testResults: files,
  })

const playwright = (expected: number, unexpected: number, flaky: number) =>
  reportOf({ stats: { expected, unexpected, flaky, skipped: 0 } })

describe('a report of tests', () => {
  test('counts what passed, failed and was skipped', () => {
    expect(readReport(vitest(3, 2), 'vitest', 1)).toEqual({ passed: 3, failed: 2, skipped: 2 })
  })

  test('counts a file that broke before its first test', () => {
    const broken = { status: 'failed', assertionResults: [] }
    const failed = { status: 'failed', assertionResults: [{ status: 'failed' }] }

    expect(readReport(vitest(3, 1, [broken, failed]), 'vitest', 1)).toMatchObject({ passed: 3, failed: 2 })
  })

  test('counts a test that passed only at the second try as failed', () => {
    expect(readReport(playwright(4, 0, 1), 'playwright', 0)).toEqual({ passed: 4, failed: 1, skipped: 0 })
  })

  test('counts a bad end that no test explains', () => {
    expect(readReport(playwright(4, 0, 0), 'playwright', 1)).toMatchObject({ passed: 4, failed: 1 })
  })

  test('fails when no test ran, and when there is no report or a strange one', () => {
    expect(readReport(vitest(0, 0), 'vitest', 0)).toMatchObject({ failed: 1 })
    expect(readReport(join(folder, 'missing.json'), 'vitest', 0)).toMatchObject({ failed: 1 })
    expect(readReport(reportOf({}), 'playwright', 0)).toMatchObject({ failed: 1 })
  })
})

test('the closing line names skipped tests only when there are any', () => {
  expect(closingLine({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed')
  expect(closingLine({ passed: 12, failed: 1, skipped: 2 })).toBe('12 passed, 1 failed, 2 skipped')
})
