/** `npm test`: every tool and every test, to the end, then one line `N passed, N failed`. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { ensureChromium } from './chromium.ts'
import { addCounts, closingLine, noCounts, oneFailed, onePassed, readReport, type Counts } from './test-report.ts'

const root = join(import.meta.dirname, '..')
const reportFolder = mkdtempSync(join(tmpdir(), 'foyer-report-'))

interface Tool {
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
}

const tools: readonly Tool[] = [
  { name: 'format', command: 'oxfmt', args: ['--check', '.'] },
  { name: 'lint', command: 'oxlint', args: [] },
  { name: 'types', command: 'tsc', args: ['-b'] },
  { name: 'dead code', command: 'knip', args: [] },
  { name: 'build', command: 'electron-vite', args: ['build'] },
]

const run = async (
  command: string,
  args: readonly string[],
  options: { readonly quiet: boolean; readonly env?: Readonly<Record<string, string>> },
): Promise<{ readonly exitCode: number; readonly output: string }> =>
  new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      // npm puts node_modules/.bin first, and with it the Node of package.json; a call without npm should not differ.
      env: {
        ...process.env,
        PATH: [join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
        ...options.env,
      },
      shell: process.platform === 'win32',
      stdio: options.quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit'],
    })
    let output = ''
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (output += text))
    child.on('error', (error) => resolve({ exitCode: 1, output: error.message }))
    child.on('close', (code) => resolve({ exitCode: code ?? 1, output }))
  })

const report = (name: string, startedAt: number, counts: Counts): Counts => {
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(`${counts.failed === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`)
  return counts
}

const runTool = async ({ name, command, args }: Tool): Promise<Counts> => {
  const startedAt = performance.now()
  const { exitCode, output } = await run(command, args, { quiet: true })
  if (exitCode !== 0) console.log(output.trimEnd())
  return report(name, startedAt, exitCode === 0 ? onePassed : oneFailed)
}

const runVitest = async (): Promise<Counts> => {
  const startedAt = performance.now()
  const path = join(reportFolder, 'vitest.json')
  const args = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${path}`]
  const { exitCode } = await run('vitest', args, { quiet: false })
  return report('unit, replica, server, sync and fault tests', startedAt, readReport(path, 'vitest', exitCode))
}

const runPlaywright = async (): Promise<Counts> => {
  const startedAt = performance.now()
  const chromium = ensureChromium()
  if ('missing' in chromium) {
    console.log(chromium.missing)
    return report('end-to-end tests', startedAt, oneFailed)
  }
  const path = join(reportFolder, 'playwright.json')
  const env = { FOYER_CHROMIUM: chromium.path, FOYER_E2E_JSON: path }
  const { exitCode } = await run('playwright', ['test'], { quiet: false, env })
  return report('end-to-end tests', startedAt, readReport(path, 'playwright', exitCode))
}

let total = noCounts
for (const tool of tools) total = addCounts(total, await runTool(tool))
total = addCounts(total, await runVitest())
total = addCounts(total, await runPlaywright())

rmSync(reportFolder, { recursive: true, force: true })
console.log(closingLine(total))
process.exitCode = total.failed > 0 ? 1 : 0
