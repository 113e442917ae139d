import { setTimeout as delay } from 'node:timers/promises'

/** Waits until it is so. The test's own limit ends it when it never is. */
export const until = async (isSo: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await isSo())) await delay(20)
}

/** Whether a process of ours is there. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
