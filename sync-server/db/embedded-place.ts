import { createHash } from 'node:crypto'
import type { Stats } from 'node:fs'
import { chmod, mkdir, realpath, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { EmbeddedPostgresError } from './embedded-error.ts'
import { findOrCreateUser, isRoot, run, type SystemUser } from './embedded-user.ts'

/** Where the data are, and who owns them and runs PostgreSQL (undefined: ourselves). */
export interface Place {
  readonly folder: string
  readonly user: SystemUser | undefined
}

/** What a data folder contains once it was set up. */
export const clusterFolder = 'cluster'

/** Where root keeps what the PostgreSQL user cannot reach elsewhere. */
export const rootFolder = '/var/lib/foyer'

/**
 * The wanted data folder, or for root, where the PostgreSQL user cannot enter that one (a checkout in /root), a folder
 * below /var/lib/foyer that always is the same for the same wanted folder. Data that exist decide: they stay where they
 * are and with their owner, so that a changed permission never leads to a second, empty database.
 */
export const choosePlace = async (wanted: string, log: (line: string) => void): Promise<Place> => {
  const folder = resolve(wanted)
  if (!isRoot()) return ordinaryPlace(folder)

  const hash = createHash('sha256').update(folder).digest('hex').slice(0, 12)
  const fallback = join(rootFolder, hash)
  const place = (await existingPlace(folder)) ?? (await existingPlace(fallback)) ?? (await newPlace(folder, fallback))
  if (place.folder === fallback) {
    log(`The PostgreSQL user cannot enter ${folder}, so the database is kept in ${fallback}.`)
  }
  return { ...place, folder: await realpath(place.folder) }
}

/** Creates what is missing of a folder, each level so that other users can pass, whatever the umask says. */
export const makeFolder = async (folder: string): Promise<void> => {
  if ((await nearestExisting(folder)) === folder) return
  await makeFolder(dirname(folder))
  await mkdir(folder, { recursive: true })
  await chmod(folder, 0o755)
}

const ordinaryPlace = async (folder: string): Promise<Place> => {
  await makeFolder(folder)
  const owner = await ownerOf(join(folder, clusterFolder))
  if (owner && process.getuid && owner.uid !== process.getuid()) {
    throw new EmbeddedPostgresError(
      `The database in ${folder} belongs to another user (uid ${owner.uid}): ` +
        'start Foyer as that user or as root, or choose another data folder.',
    )
  }
  return { folder: await realpath(folder), user: undefined }
}

const existingPlace = async (folder: string): Promise<Place | undefined> => {
  const owner = await ownerOf(join(folder, clusterFolder))
  if (!owner) return undefined
  if (owner.uid === 0) {
    throw new EmbeddedPostgresError(
      `The database in ${folder} belongs to root, as which PostgreSQL does not run: ` +
        `give it back to its user (chown -R postgres ${join(folder, clusterFolder)}).`,
    )
  }
  if (!(await canEnter(owner, folder))) {
    throw new EmbeddedPostgresError(
      `The database is in ${folder}, but its user (uid ${owner.uid}) can no longer enter that folder: ` +
        'allow it (chmod o+x on each folder above), or move the folder and name the new one.',
    )
  }
  return { folder, user: owner }
}

const newPlace = async (folder: string, fallback: string): Promise<Place> => {
  const user = await findOrCreateUser('postgres')
  for (const candidate of [folder, fallback]) {
    // Asked of what exists already, so that no empty folders stay behind where nobody can use them.
    if (!(await canEnter(user, await nearestExisting(candidate)))) continue
    await makeFolder(candidate)
    return { folder: candidate, user }
  }
  throw new EmbeddedPostgresError(
    `The PostgreSQL user (uid ${user.uid}) can enter neither ${folder} nor ${fallback}: ` +
      'choose a data folder that every user can reach.',
  )
}

// Tried for real, because modes alone do not tell: access lists, mounts and security modules have a say too.
const canEnter = async (user: SystemUser, folder: string): Promise<boolean> =>
  (await run(user, '/bin/sh', ['-c', 'cd "$1"', 'sh', folder])).ok

const nearestExisting = async (path: string): Promise<string> => {
  const found = await statIfThere(path)
  if (!found) return nearestExisting(dirname(path))
  if (found.isDirectory()) return path
  throw new EmbeddedPostgresError(`The data folder cannot be created, choose another one: ${path} is not a folder.`)
}

const ownerOf = async (path: string): Promise<SystemUser | undefined> => {
  const found = await statIfThere(path)
  return found && { uid: found.uid, gid: found.gid }
}

const statIfThere = async (path: string): Promise<Stats | undefined> => {
  try {
    return await stat(path)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined
    throw error
  }
}
