import { setImmediate } from 'node:timers/promises'
import type { Db } from '../db/tx.ts'
import { bodiesOfReads, type LogBody } from './body.ts'
import type { LogName } from './handle.ts'
import { type ChunkLimit, type Head, type LogRead, readLog } from './log.ts'
import type { Offset } from './offset.ts'

/** Reads logs for those who follow them, as seldom as can be. */
export interface LogReader {
  /** What follows `after`, in a snapshot of later than the call. All who ask for the same in one turn share one read. */
  readonly read: (log: LogName, after: Offset) => Promise<LogRead>
  /** What is answered after a read; made once for all who share it. */
  readonly bodyOf: (read: LogRead) => LogBody
  /** The head of a log as it was last read; undefined when the log may have grown since. */
  readonly known: (log: LogName) => Head | undefined
  /** A log has grown, as PostgreSQL announces it. */
  readonly grew: (facilityId: string, audience: string, position: number) => void
  /** From now on everything is announced; what was before may have been missed. */
  readonly listens: () => void
}

export interface LogReaderParts {
  readonly db: Db
  readonly limit: ChunkLimit
  /** Whether everything that is committed is announced. */
  readonly isListening: () => boolean
}

export const createLogReader = ({ db, limit, isListening }: LogReaderParts): LogReader => {
  const waiting = new Map<string, Promise<LogRead>>()
  let heads = new Map<string, Head>()
  let announced = new Map<string, number>()

  const readNext = async (log: LogName, after: Offset, question: string): Promise<LogRead> => {
    await setImmediate()
    waiting.delete(question)
    // A read that began before we listened tells nothing of what was missed.
    const seen = heads
    const read = await readLog(db, { log, after, limit })
    seen.set(keyOf(log), read.head)
    return read
  }

  return {
    bodyOf: bodiesOfReads(),
    read: (log, after) => {
      const question = `${keyOf(log)}:${after.position}:${after.since}`
      const asked = waiting.get(question) ?? readNext(log, after, question)
      waiting.set(question, asked)
      return asked
    },
    known: (log) => {
      const head = isListening() ? heads.get(keyOf(log)) : undefined
      return head && head.position >= (announced.get(keyOf(log)) ?? 0) ? head : undefined
    },
    grew: (facilityId, audience, position) => void announced.set(`${facilityId}:${audience}`, position),
    listens: () => {
      heads = new Map()
      announced = new Map()
    },
  }
}

const keyOf = ({ facilityId, audience }: LogName): string => `${facilityId}:${audience}`
