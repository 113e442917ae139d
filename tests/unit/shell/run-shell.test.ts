import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { forkDataChild } from '../../../src-main/shell/data-child.ts'
import { runShell } from '../../../src-main/shell/run-shell.ts'
import type { Call, Shell } from '../../../src-main/shell/shell.ts'
import { temporaryFolder } from '../../support/shell-folders.ts'

const dataFile = join(import.meta.dirname, '../../support/fake-data-process.ts')
const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() }

const run = async (profileFolder: string, print: Shell['print'] = async () => false): Promise<Call> => {
  let carried: Call | undefined
  const running = await runShell(
    {
      readSecret: async () => 'secret',
      startDataChild: () => forkDataChild(dataFile),
      serve: async (call) => void (carried = call),
      openWindow: async () => undefined,
      push: () => undefined,
      print,
      checkForUpdates: () => undefined,
      close: async () => undefined,
    },
    { profileFolder, serverUrl: 'http://127.0.0.1:1', log },
  )
  onTestFinished(running.stop)
  if (!carried) throw new Error('The shell was not served')
  return carried
}

const code = { code: 'ABCD-EFGH', name: 'Desk 1', server_url: 'http://127.0.0.1:1' }

test('a computer that is not enrolled takes its code from the file, once', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'fake-stage'), 'not_enrolled')
  writeFileSync(join(folder, 'enroll.json'), JSON.stringify(code))

  await run(folder)

  expect(JSON.parse(readFileSync(join(folder, 'fake-enrolled'), 'utf8'))).toEqual(code)
  expect(existsSync(join(folder, 'enroll.json'))).toBe(false)
})

test('a computer that is enrolled uses no code, and the file goes', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'fake-stage'), 'signed_out')
  writeFileSync(join(folder, 'enroll.json'), JSON.stringify(code))

  await run(folder)

  expect(existsSync(join(folder, 'fake-enrolled'))).toBe(false)
  expect(existsSync(join(folder, 'enroll.json'))).toBe(false)
})

test.each(['locked', 'damaged', 'unreadable'])(
  'a computer that is %s uses no code before somebody says so',
  async (stage) => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'fake-stage'), stage)
    writeFileSync(join(folder, 'enroll.json'), JSON.stringify(code))

    await run(folder)

    expect(existsSync(join(folder, 'fake-enrolled'))).toBe(false)
    expect(existsSync(join(folder, 'enroll.json'))).toBe(true)
  },
)

test('a file that is no enrollment stays, the log says so, and the window opens', async () => {
  const folder = temporaryFolder()
  writeFileSync(join(folder, 'fake-stage'), 'not_enrolled')
  writeFileSync(join(folder, 'enroll.json'), '{"code":7}')

  await run(folder)

  expect(existsSync(join(folder, 'enroll.json'))).toBe(true)
  expect(log.warn).toHaveBeenLastCalledWith(expect.stringContaining('could not be enrolled'))
})

const receipt = { receipt_id: '0193a1b2-0000-7000-8000-000000000001', paper: '80mm', copy: false }

test('a receipt goes to the printer, and the window hears whether one took it', async () => {
  const print = vi.fn<Shell['print']>(async () => true)
  const call = await run(temporaryFolder(), print)

  const reply = await call('print.receipt', receipt)

  expect(print).toHaveBeenCalledExactlyOnceWith({ pdf: Buffer.from('%PDF'), paper: '80mm' })
  expect(reply).toEqual({ ok: true, value: { pdf: Buffer.from('%PDF').toString('base64'), printed: true } })
})

test('a printer that fails is no error: the window has the receipt and may print it again', async () => {
  const call = await run(temporaryFolder(), () => Promise.reject(new Error('no paper')))

  const reply = await call('print.receipt', receipt)

  expect(reply).toMatchObject({ ok: true, value: { printed: false } })
})
