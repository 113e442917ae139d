import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder of its own for this test; it goes when the test ends. */
export const temporaryFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'foyer-shell-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A built window as small as can be, next to a file that must never be served. */
export const windowFolder = (): string => {
  const parent = temporaryFolder()
  const folder = join(parent, 'renderer')
  mkdirSync(join(folder, 'assets'), { recursive: true })
  writeFileSync(join(parent, 'secret.json'), '{"secret":true}')
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Foyer</title>')
  writeFileSync(join(folder, 'assets/main-abc.js'), 'console.log(1)')
  writeFileSync(join(folder, 'assets/main-abc.js.map'), '{}')
  return folder
}

/** Request paths that try to leave the window's folder. */
export const traversals: readonly string[] = [
  '/../secret.json',
  '/..%2fsecret.json',
  '/%2e%2e/secret.json',
  '/%2e%2e%2fsecret.json',
  '/..%5csecret.json',
  '/..\\secret.json',
  '/assets/../../secret.json',
  '/assets/..%2f..%2fsecret.json',
  '/%252e%252e/secret.json',
  '/..;/secret.json',
  '/....//secret.json',
  '/%c0%ae%c0%ae/secret.json',
  '//secret.json',
  '///etc/passwd',
  '/etc/passwd',
  '/index.html/../../secret.json',
  '/index.html%00.js',
  '/assets',
  '/assets/',
  '/assets/main-abc.js.map',
  '/__proto__',
  '/constructor',
  '/C:/Windows/win.ini',
  'secret.json',
  '',
]
