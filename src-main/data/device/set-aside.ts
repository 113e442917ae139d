import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { syncFolder } from '../whole-file.ts'

/**
 * Puts the databases of an enrollment aside whose device.json is lost or damaged, and with it their key: they would keep those
 * of the next one from opening. Should the file come back from a backup, unsent work can still be had. Replicas are only copies.
 */
export const setAside = (folder: string): void => {
  const names = readdirSync(folder)
  for (const name of names) if (name.startsWith('replica-')) rmSync(path.join(folder, name), { force: true })
  const left = names.filter((name) => /^(desk\b.*\.db|device\.json(\.copy)?$)/.test(name))
  if (left.length === 0) return
  let number = 1
  while (existsSync(path.join(folder, `earlier-${number}`))) number += 1
  const aside = path.join(folder, `earlier-${number}`)
  mkdirSync(aside, { mode: 0o700 })
  for (const name of left) renameSync(path.join(folder, name), path.join(aside, name))
  syncFolder(aside)
  syncFolder(folder)
}
