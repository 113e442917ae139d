import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { removeFolder, temporaryFolder } from '../../support/store.ts'

/** A disk in memory, over this folder; answers why there can be none, if so. */
export const mount = (folder: string, size = '12m'): string | undefined => {
  mkdirSync(folder, { recursive: true })
  const { status, stderr, error } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder])
  return status === 0 ? undefined : `no small disk can be mounted here: ${String(error ?? stderr).trim()}`
}

/** From now on, `ro` for reading or `rw` for writing too. */
export const remount = (folder: string, how: 'ro' | 'rw'): void =>
  void spawnSync('mount', ['-o', `remount,${how}`, folder])

export const unmount = (folder: string): void => void spawnSync('umount', ['-l', folder])

/** Undefined where disks can be mounted, else why not. */
export const whyNoMount = (): string | undefined => {
  const trial = temporaryFolder()
  const missing = mount(trial)
  if (missing === undefined) unmount(trial)
  removeFolder(trial)
  return missing
}
