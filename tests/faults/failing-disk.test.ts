import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { removeFolder } from '../support/store.ts'
import type { DiskRound } from './children/failing-disk-child.ts'
import type { DiskFault } from './support/disk-control.ts'
import { filesIn, memoryFolder, type PreparedDesk, prepareDesk } from './support/disk-desk.ts'
import { extent, limitMs, tell } from './support/extent.ts'
import { buildShim } from './support/shim.ts'

const shim = buildShim()
const root = memoryFolder()
const child = path.join(import.meta.dirname, 'children/failing-disk-child.ts')
const worker = path.join(import.meta.dirname, 'children/work-child.ts')
let desk: PreparedDesk

beforeAll(async () => {
  desk = await prepareDesk(root)
})
afterAll(() => removeFolder(root))

interface Failure {
  readonly fault: DiskFault
  /** How many changes fail; all of them, until a command has failed, with 0. */
  readonly times: number
  readonly stride: number
}

const failEverywhere = async ({ fault, times, stride }: Failure): Promise<readonly DiskRound[]> => {
  if ('missing' in shim) return []
  const args = [child, root, desk.counterFile, fault, String(times), String(stride)]
  const desks = spawn(process.execPath, args, { env: { ...process.env, LD_PRELOAD: shim.library } })
  let output = ''
  let errors = ''
  desks.stdout.setEncoding('utf8').on('data', (text: string) => (output += text))
  desks.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  await once(desks, 'close')
  if (desks.exitCode !== 0) throw new Error(`The desks ended with ${desks.exitCode}: ${errors}`)
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as DiskRound)
}

const few = extent(110, 1)

describe.skipIf('missing' in shim)(`a disk${'missing' in shim ? ` (skipped: ${shim.missing})` : ''}`, () => {
  test.each<readonly [string, Failure]>([
    ['that is full for a while (D4)', { fault: 'enospc', times: 0, stride: few }],
    ['that was full for one write (D4)', { fault: 'enospc', times: 1, stride: few }],
    ['that fails for a while (D5)', { fault: 'eio', times: 0, stride: few }],
    ['that failed once (D5)', { fault: 'eio', times: 1, stride: few }],
    ['that wrote a half (D5)', { fault: 'short', times: 1, stride: few }],
    ['that does not sync for a while (D5)', { fault: 'fsync', times: 0, stride: extent(4, 1) }],
    ['that did not sync once (D5)', { fault: 'fsync', times: 1, stride: extent(4, 1) }],
    ['that cannot be written for a while (D6)', { fault: 'rofs', times: 0, stride: few }],
  ])(
    '%s loses nothing that was saved, keeps no half, and is used again without a restart',
    { timeout: limitMs },
    async (name, failure) => {
      const rounds = await failEverywhere(failure)

      expect(rounds.filter(({ faults }) => faults.length > 0)).toEqual([])
      expect(rounds.filter(({ failed }) => failed.length > 0).length).toBeGreaterThan(1)
      // Each error is one that a person is told in words.
      expect(rounds.flatMap(({ failed }) => failed).filter((each) => !/: [a-z_]+$/.test(each))).toEqual([])
      tell(`a disk ${name}: ${rounds.length} points, 0 with a loss`)
    },
  )

  test.each([
    ['full (D4)', 'enospc', 'disk_f'],
    ['not to be written (D6)', 'rofs', 'disk_failing'],
    ['failing (D5)', 'eio', 'disk_failing'],
  ])('that is %s when the desk starts is named, and nothing is made anew', (_how, fault, code) => {
    if ('missing' in shim) return
    const folder = path.join(root, `start-${fault}`)
    cpSync(desk.clean, folder, { recursive: true })
    const before = filesIn(folder)
    const environment = { ...process.env, LD_PRELOAD: shim.library, FOYER_FAULT: `${folder},${fault},1` }

    const { status, stderr } = spawnSync(process.execPath, [worker, folder, desk.counterFile, 'serveFamily'], {
      encoding: 'utf8',
      env: environment,
    })

    expect(status).not.toBe(0)
    expect(stderr).toContain(code)
    expect([...before].filter(([name, content]) => !filesIn(folder).get(name)?.equals(content))).toEqual([])
  })
})
