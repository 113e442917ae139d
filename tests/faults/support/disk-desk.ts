import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Counter, counterRows } from '../../support/counter-rows.ts'
import { openCounterStore } from '../../support/store.ts'
import { type DiskChange, readDiskLog } from './disk-log.ts'

export type Work = 'firstDay' | 'migrateDesk' | 'serveFamily' | 'wholeDay'

/** A folder for files that need not last; in memory where the system has such a place. */
export const memoryFolder = (): string =>
  mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'foyer-faults-'))

/** A desk whose first sync is over, closed, in `<root>/clean`, and its rows in `<root>/counter.json`. */
export interface PreparedDesk {
  readonly root: string
  readonly clean: string
  readonly counter: Counter
  readonly counterFile: string
}

export const prepareDesk = async (root: string): Promise<PreparedDesk> => {
  const counter = counterRows()
  const clean = path.join(root, 'clean')
  const counterFile = path.join(root, 'counter.json')
  mkdirSync(clean)
  writeFileSync(counterFile, JSON.stringify(counter))
  const store = await openCounterStore(clean, counter)
  await store.close()
  return { root, clean, counter, counterFile }
}

export const filesIn = (folder: string): ReadonlyMap<string, Buffer> =>
  new Map(readdirSync(folder).map((name) => [name, readFileSync(path.join(folder, name))]))

export interface Recording {
  readonly folder: string
  readonly before: ReadonlyMap<string, Buffer>
  readonly changes: readonly DiskChange[]
}

const child = path.join(import.meta.dirname, '../children/work-child.ts')

/** Does the work in a process of its own, whose disk the shim watches. */
export const recordWork = (desk: PreparedDesk, library: string, work: Work): Recording => {
  const folder = path.join(desk.root, work)
  const log = path.join(desk.root, `${work}.log`)
  mkdirSync(folder)
  if (work !== 'firstDay') cpSync(desk.clean, folder, { recursive: true })
  const before = filesIn(folder)
  const { stdout, stderr } = spawnSync(process.execPath, [child, folder, desk.counterFile, work, log], {
    encoding: 'utf8',
    env: { ...process.env, LD_PRELOAD: library },
  })
  if (!stdout.endsWith('done\n')) throw new Error(`The desk did not end its work: ${stderr}`)
  return { folder, before, changes: readDiskLog(log) }
}

export interface Killed {
  readonly folder: string
  readonly saved: readonly string[]
  /** False when it came to its end before that change. */
  readonly wasKilled: boolean
}

/** Does the work in a process that dies with SIGKILL just before its n-th change of a file. */
export const workKilledAt = (desk: PreparedDesk, library: string, work: Work, n: number): Killed => {
  const folder = path.join(desk.root, `${work}-${n}`)
  mkdirSync(folder)
  if (work !== 'firstDay') cpSync(desk.clean, folder, { recursive: true })
  const { stdout, stderr, signal } = spawnSync(process.execPath, [child, folder, desk.counterFile, work], {
    encoding: 'utf8',
    env: { ...process.env, LD_PRELOAD: library, FOYER_FAULT: `${folder},kill,${n}` },
  })
  if (signal !== 'SIGKILL' && !stdout.endsWith('done\n')) throw new Error(`The desk ended by itself: ${stderr}`)
  const saved = stdout.split('\n').flatMap((line) => (line.startsWith('saved ') ? [line.slice(6)] : []))
  return { folder, saved, wasKilled: signal === 'SIGKILL' }
}
