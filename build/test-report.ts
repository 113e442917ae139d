import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'

export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export const noCounts: Counts = { passed: 0, failed: 0, skipped: 0 }
export const onePassed: Counts = { passed: 1, failed: 0, skipped: 0 }
export const oneFailed: Counts = { passed: 0, failed: 1, skipped: 0 }

export const addCounts = (a: Counts, b: Counts): Counts => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
})

export const closingLine = ({ passed, failed, skipped }: Counts): string =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`

const vitestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  numTodoTests: z.number(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.object({ status: z.string() })) })),
})

/** A file that breaks before its first test counts as one failed test. */
const countVitest = (report: z.infer<typeof vitestReport>): Counts => {
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  )
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

const playwrightReport = z.object({
  stats: z.object({ expected: z.number(), unexpected: z.number(), flaky: z.number(), skipped: z.number() }),
})

const countPlaywright = ({ stats }: z.infer<typeof playwrightReport>): Counts => ({
  passed: stats.expected,
  failed: stats.unexpected + stats.flaky,
  skipped: stats.skipped,
})

const reports = {
  vitest: vitestReport.transform(countVitest),
  playwright: playwrightReport.transform(countPlaywright),
}

/** What a test program did, by its report; a bad end that no test explains, or no test at all, is one failure. */
export const readReport = (path: string, kind: keyof typeof reports, exitCode: number): Counts => {
  if (!existsSync(path)) return oneFailed
  const counts = reports[kind].safeParse(JSON.parse(readFileSync(path, 'utf8')))
  if (!counts.success) return oneFailed
  const { passed, failed } = counts.data
  const unexplained = failed === 0 && (exitCode !== 0 || passed === 0)
  return unexplained ? addCounts(counts.data, oneFailed) : counts.data
}
