import { gzipped } from '../routes/answer.ts'
import type { LogRead } from './log.ts'

/** What is answered after a read: the same for all who share it. */
export interface LogBody {
  readonly text: string
  /** Packed once, by whoever asks first. */
  readonly gzip: () => Promise<Buffer>
}

/** Whether everything that there is was read. */
export const isWhole = ({ head, chunk }: LogRead): boolean => !chunk || chunk.reached >= head.position

/** Puts the body of a read together once, however many devices get it. */
export const bodiesOfReads = (): ((read: LogRead) => LogBody) => {
  const made = new WeakMap<LogRead, LogBody>()
  return (read) => {
    const body = made.get(read) ?? bodyOf(read)
    made.set(read, body)
    return body
  }
}

const bodyOf = (read: LogRead): LogBody => {
  const text = textOf(read)
  let packed: Promise<Buffer> | undefined
  return { text, gzip: () => (packed ??= gzipped(text)) }
}

const textOf = (read: LogRead): string => {
  const { head, chunk } = read
  if (!isWhole(read)) return `[${chunk?.messages ?? ''}]`
  const upToDate = `{"headers":{"control":"up-to-date","global_last_seen_lsn":"${head.position}","server_time":"${head.at}"}}`
  return chunk?.messages ? `[${chunk.messages},${upToDate}]` : `[${upToDate}]`
}
