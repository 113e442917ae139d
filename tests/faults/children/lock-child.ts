import { writeSync } from 'node:fs'
import { takeLock } from '../../../src-main/exclusive-lock.ts'

/** Takes a lock at a given instant, says whether it has it, and holds it until its input ends. */
const [file, at] = process.argv.slice(2)
if (!file || !at) throw new Error('Usage: lock-child.ts FILE EPOCH_MS')
// Two of them shall come as close as they can.
while (Date.now() < Number(at));
const lock = takeLock(file, 0)
writeSync(1, lock ? 'mine' : 'taken')
process.stdin.resume().once('end', () => {
  lock?.release()
})
