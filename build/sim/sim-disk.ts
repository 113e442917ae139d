import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import Sqlite from 'better-sqlite3'
import { type Disk, systemEnvironment } from '../../src-main/data/environment.ts'
import { databaseFiles, diskProblem, openEncrypted, type SqliteDatabase } from '../../src-main/data/sqlite.ts'
import type { ReplicaWork } from '../../src-main/data/snapshot/replica-work.ts'
import { workInPlace } from '../../src-main/data/snapshot/work-in-place.ts'
import { copyAfterCrash } from './wal.ts'

/** The program was killed: nothing that it does from now on reaches anything. */
export class Killed extends Error {
  constructor() {
    super('killed by the simulator')
    this.name = 'Killed'
  }
}

export type DiskFault =
  | 'none'
  | 'kill_before'
  | 'kill_after'
  /** SQLITE_FULL; nothing was written. */
  | 'full'
  /** SQLITE_IOERR; nothing was written. */
  | 'broken'
  /** SQLITE_IOERR_FSYNC, although the commit is there after all (FAULTS D5). */
  | 'unsure'

export interface DiskCall {
  readonly file: string
  readonly kind: 'read' | 'write' | 'commit' | 'part'
}

interface DiskParts {
  readonly touch: () => void
  /** Asked at every call. */
  readonly faultAt: (call: DiskCall) => DiskFault
  readonly onKill: () => void
}

interface Handle {
  readonly file: string
  readonly db: SqliteDatabase
  readonly isWriter: boolean
}

/** The disk of one program from its start until it is killed. */
export interface SimDisk {
  readonly disk: Disk
  /** Work on whole replicas, whose connections are its own. */
  readonly work: ReplicaWork
  readonly kill: () => void
  /** Copies the files as a crash leaves them and closes the old ones. Answers how many commits were lost. */
  readonly leaveTo: (folder: string, survivors: ((possible: number) => number) | undefined) => number
}

const failures = {
  full: ['database or disk is full', 'SQLITE_FULL'],
  broken: ['disk I/O error', 'SQLITE_IOERR_WRITE'],
  unsure: ['disk I/O error', 'SQLITE_IOERR_FSYNC'],
} as const

const fail = (kind: keyof typeof failures): never => {
  const [message, code] = failures[kind]
  throw new Sqlite.SqliteError(message, code)
}

export const createSimDisk = ({ touch, faultAt, onKill }: DiskParts): SimDisk => {
  const handles: Handle[] = []
  let isDead = false
  let calls = 0
  const kill = (): void => {
    isDead = true
  }
  const die = (): never => {
    kill()
    onKill()
    throw new Killed()
  }

  const guard: Guard = (db, call, work) => {
    if (isDead) throw new Killed()
    touch()
    calls += 1
    const fault = faultAt(call)
    if (fault === 'kill_before') die()
    if (fault === 'full' || fault === 'broken') {
      // SQLite itself undoes the transaction in some of these cases, and in others it does not.
      if (calls % 2 === 0 && db?.inTransaction) db.exec('rollback')
      fail(fault)
    }
    const result = work()
    if (fault === 'kill_after') die()
    if (fault === 'unsure') fail(fault)
    return result
  }

  const open: Disk['open'] = (file, options) => {
    if (isDead) throw new Killed()
    const db = openEncrypted(file, options)
    handles.push({ file, db, isWriter: !options.readonly })
    return watched(db, file, guard)
  }
  const disk: Disk = {
    open,
    remove: (file) => {
      if (isDead) throw new Killed()
      for (const each of databaseFiles(file)) rmSync(each, { force: true })
    },
    read: (file) => {
      if (isDead) throw new Killed()
      return systemEnvironment.disk.read(file)
    },
    move: (from, to) => {
      if (isDead) throw new Killed()
      systemEnvironment.disk.move(from, to)
    },
  }
  const work = workInPlace(disk)
  return {
    disk,
    work: { ...work, addPart: addingParts(work, guard) },
    kill,
    leaveTo: (folder, survivors) => leave(handles, folder, survivors),
  }
}

const leave = (handles: readonly Handle[], folder: string, survivors: Parameters<SimDisk['leaveTo']>[1]): number => {
  mkdirSync(folder, { recursive: true })
  const folders = new Set(handles.map(({ file }) => path.dirname(file)))
  const files = [...folders].flatMap((each) =>
    existsSync(each)
      ? readdirSync(each)
          .filter((name) => name.endsWith('.db'))
          .map((name) => path.join(each, name))
      : [],
  )
  let lost = 0
  for (const file of files) {
    const writer = handles.find((handle) => handle.file === file && handle.isWriter && handle.db.open)
    // FULL is 2: each commit was forced to the disk before it was answered.
    const isSafe = writer?.db.pragma('synchronous', { simple: true }) === 2 || !writer
    lost += copyAfterCrash({
      from: file,
      to: path.join(folder, path.basename(file)),
      survivors: isSafe ? undefined : survivors,
    })
  }
  for (const { db } of handles) if (db.open) db.close()
  for (const each of folders) rmSync(each, { recursive: true, force: true })
  return lost
}

/** A part goes in on a connection of its own, and what its disk does to it is named there. */
const addingParts =
  ({ addPart }: ReplicaWork, guard: Guard): ReplicaWork['addPart'] =>
  async (target, ...part) => {
    try {
      await guard(undefined, { file: path.basename(target.file), kind: 'part' }, () => addPart(target, ...part))
    } catch (error) {
      throw diskProblem(error) ?? error
    }
  }

type Guard = <T>(db: SqliteDatabase | undefined, call: DiskCall, work: () => T) => T
type Statement = ReturnType<SqliteDatabase['prepare']>

const isCommit = (sql: string): boolean => /^\s*(commit|release)/i.test(sql)
const methods = ['run', 'get', 'all', 'iterate'] as const

/** The database itself, with every call going through the guard. */
const watched = (db: SqliteDatabase, file: string, guard: Guard): SqliteDatabase => {
  const name = path.basename(file)
  const plain = { prepare: db.prepare.bind(db), exec: db.exec.bind(db) }
  // The replacements have the forms of what they replace.
  const replaceable = db as unknown as Record<string, unknown>

  const exec = (sql: string): SqliteDatabase => {
    const kind = isCommit(sql) ? 'commit' : 'write'
    // A rollback is what is left to do when all else has failed.
    return /^\s*rollback/i.test(sql) ? plain.exec(sql) : guard(db, { file: name, kind }, () => plain.exec(sql))
  }
  replaceable['exec'] = exec
  replaceable['prepare'] = (sql: string): Statement => {
    const statement = plain.prepare(sql)
    if (/^\s*rollback/i.test(sql)) return statement
    const kind = isCommit(sql) ? 'commit' : statement.readonly ? 'read' : 'write'
    const own = statement as unknown as Record<string, unknown>
    for (const method of methods) {
      const original = (statement[method] as (...args: unknown[]) => unknown).bind(statement)
      own[method] = (...args: unknown[]) => guard(db, { file: name, kind }, () => original(...args))
    }
    return statement
  }
  replaceable['transaction'] = (work: (...args: unknown[]) => unknown) => transactionOf(db, exec, work)
  return db
}

/** As better-sqlite3 does it, through the guard. */
const transactionOf = (db: SqliteDatabase, exec: (sql: string) => unknown, work: (...args: unknown[]) => unknown) => {
  const run =
    (begin: string) =>
    (...args: unknown[]): unknown => {
      if (db.inTransaction) return work(...args)
      exec(begin)
      try {
        const result = work(...args)
        exec('commit')
        return result
      } catch (error) {
        if (db.inTransaction) exec('rollback')
        throw error
      }
    }
  return Object.assign(run('begin'), {
    default: run('begin'),
    deferred: run('begin'),
    immediate: run('begin immediate'),
    exclusive: run('begin exclusive'),
  })
}
