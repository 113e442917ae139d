import { writeSync } from 'node:fs'
import path from 'node:path'
import { takeLock } from '../../../src-main/exclusive-lock.ts'

/** Takes the locks of a folder, one at each instant, says which it has, and holds them until its input ends. */
const [folder, at, rounds] = process.argv.slice(2)
if (!folder || !at || !rounds) throw new Error('Usage: lock-child.ts FOLDER EPOCH_MS ROUNDS')

const everyMs = 10
const locks = Array.from({ length: Number(rounds) }, (_, round) => {
  // Two of them shall come as close as they can.
  while (Date.now() < Number(at) + round * everyMs);
  return takeLock(path.join(folder, `lock-${round}`), 0)
})
writeSync(1, JSON.stringify(locks.map((lock) => (lock ? 'mine' : 'taken'))))
process.stdin.resume().once('end', () => {
  for (const lock of locks) lock?.release()
})
