import type { MutationEnvelope } from '../../../src-shared/contract/http.ts'
import { DomainError } from '../../../src-shared/errors.ts'
import { diskProblem, type SqliteDatabase } from '../sqlite.ts'
import { type Desk, deskOver } from './desk.ts'

/**
 * `desk.db` behind a connection that is opened anew after an error of the disk: what SQLite remembers of a failed write is
 * not to be trusted, only the file is (FAULTS D5). Throws DomainError `disk_full`, `disk_failing`,
 * `database_unreadable`, and `save_unknown` when not even a new look tells whether a mutation was saved.
 */
export const reopeningDesk = (open: () => SqliteDatabase): Desk => {
  let db: SqliteDatabase | undefined
  let desk: Desk | undefined

  const current = (): Desk => {
    db ??= open()
    desk ??= deskOver(db)
    return desk
  }
  const letGo = (): void => {
    const old = db
    db = undefined
    desk = undefined
    old?.close()
  }
  const guarded = <T>(work: (desk: Desk) => T): T => {
    try {
      return work(current())
    } catch (error) {
      const problem = diskProblem(error)
      if (!problem) throw error
      // Without room the last page of a commit was not written, so it is not there; and opening needs room too.
      if (problem.code !== 'disk_full') letGo()
      throw Object.assign(problem, { cause: error })
    }
  }
  /** Whether the mutation is on the disk, by a new look; then it is made sure that it stays there. */
  const isSaved = ({ id }: MutationEnvelope): boolean =>
    guarded((fresh) => {
      if (!fresh.mutationById(id)) return false
      // A sync that failed once may lie the next time; the pages are written again, elsewhere.
      db?.pragma('wal_checkpoint(TRUNCATE)')
      return true
    })
  const commitMutation: Desk['commitMutation'] = (envelope, order, serverTime) => {
    try {
      guarded((each) => each.commitMutation(envelope, order, serverTime))
    } catch (error) {
      if (!(error instanceof DomainError) || error.code === 'disk_full') throw error
      if (!settle(() => isSaved(envelope))) throw error
    }
  }

  current()
  return {
    peek: (kind) => guarded((each) => each.peek(kind)),
    commitMutation,
    mutationsAfter: (seq, limit) => guarded((each) => each.mutationsAfter(seq, limit)),
    mutationsUpTo: (seq) => guarded((each) => each.mutationsUpTo(seq)),
    lastSeq: () => guarded((each) => each.lastSeq()),
    mutationById: (id) => guarded((each) => each.mutationById(id)),
    skipTo: (numbers) => guarded((each) => each.skipTo(numbers)),
    hasSkipped: (from, to) => guarded((each) => each.hasSkipped(from, to)),
    printJobs: () => guarded((each) => each.printJobs()),
    settlePrintJob: (id, state) => guarded((each) => each.settlePrintJob(id, state)),
    settlePrintJobsOf: (receiptId, state) => guarded((each) => each.settlePrintJobsOf(receiptId, state)),
    closedOutcomes: () => guarded((each) => each.closedOutcomes()),
    forgetClosed: (id) => guarded((each) => each.forgetClosed(id)),
    setting: (key) => guarded((each) => each.setting(key)),
    saveSetting: (key, value) => guarded((each) => each.saveSetting(key, value)),
    pruneSent: (seq, before) => guarded((each) => each.pruneSent(seq, before)),
    close: letGo,
  }
}

/** A new look that fails too leaves it open: the person must look before doing it again. */
const settle = (isSaved: () => boolean): boolean => {
  try {
    return isSaved()
  } catch (error) {
    const message = 'It is not known whether this was saved. Look whether it is there before you do it again.'
    throw Object.assign(new DomainError('save_unknown', message), { cause: error })
  }
}
