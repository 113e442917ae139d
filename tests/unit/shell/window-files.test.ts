import { expect, test } from 'vitest'
import { answerFile, readWindowFiles } from '../../../src-main/shell/window-files.ts'
import { temporaryFolder, traversals, windowFolder } from '../../support/shell-folders.ts'

const exactPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; " +
  "connect-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; " +
  "require-trusted-types-for 'script'; trusted-types 'none'"

test('the page and its files are served with their types', async () => {
  const files = await readWindowFiles(windowFolder())

  const page = answerFile(files, '/', "'none'")
  const script = answerFile(files, '/assets/main-abc.js', "'none'")

  expect(page).toMatchObject({ status: 200, headers: { 'Content-Type': 'text/html; charset=utf-8' } })
  expect(page.body.toString()).toContain('<title>Foyer</title>')
  expect(script).toMatchObject({ status: 200, headers: { 'Content-Type': 'text/javascript; charset=utf-8' } })
})

test.each(traversals)('the path %j leads nowhere', async (path) => {
  const files = await readWindowFiles(windowFolder())

  const answer = answerFile(files, path, "'none'")

  expect(answer.status).toBe(404)
  expect(answer.body.toString()).toBe('Not found.\n')
})

test.each(['/', '/assets/main-abc.js', '/nothing', '/../secret.json'])(
  'the answer to %s carries the whole policy',
  async (path) => {
    const files = await readWindowFiles(windowFolder())

    const { headers } = answerFile(files, path, "'none'")

    expect(headers).toMatchObject({
      'Content-Security-Policy': exactPolicy,
      'Referrer-Policy': 'no-referrer',
      'X-Content-Type-Options': 'nosniff',
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Resource-Policy': 'same-origin',
      'X-Frame-Options': 'DENY',
    })
  },
)

test('a window that was never built is an error that says what to do', async () => {
  await expect(readWindowFiles(temporaryFolder())).rejects.toThrow(/not built.*npm run build/)
})
