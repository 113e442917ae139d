/** `npm run faults [-- file…]`: every fault at every point and many rounds of it; `npm test` makes a part of them. */
import { spawn } from 'node:child_process'
import { delimiter, join } from 'node:path'

const root = join(import.meta.dirname, '..')
const child = spawn('vitest', ['run', '--project', 'faults', ...process.argv.slice(2)], {
  cwd: root,
  env: {
    ...process.env,
    PATH: [join(root, 'node_modules/.bin'), process.env['PATH']].join(delimiter),
    FOYER_FAULTS: 'all',
  },
  shell: process.platform === 'win32',
  stdio: 'inherit',
})
child.on('close', (code) => {
  process.exitCode = code ?? 1
})
