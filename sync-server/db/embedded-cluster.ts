import { randomBytes } from 'node:crypto'
import { chown, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { program, type Binaries } from './embedded-binaries.ts'
import { EmbeddedPostgresError } from './embedded-error.ts'
import { clusterFolder, type Place } from './embedded-place.ts'
import { run, type SystemUser } from './embedded-user.ts'

/** A database cluster on disk that is complete and fits the binaries. */
export interface Cluster {
  readonly binaries: Binaries
  readonly user: SystemUser | undefined
  /** What PostgreSQL calls its data directory. */
  readonly data: string
  readonly logFile: string
  /** Of the superuser `postgres`. */
  readonly password: string
}

export interface ClusterOptions {
  readonly log: (line: string) => void
  /** Nothing is forced to the disk: for tests only. */
  readonly fast: boolean
}

/** Opens the cluster in this place, creating it if there is none. */
export const openCluster = async (place: Place, binaries: Binaries, options: ClusterOptions): Promise<Cluster> => {
  const folder = join(place.folder, clusterFolder)
  const data = join(folder, 'data')
  const exists = await stat(folder).catch(() => undefined)
  if (!exists) {
    options.log(`A new database is created in ${folder}.`)
    await createCluster(place, binaries, options.fast)
  }
  await checkVersion(data, binaries)
  const password = await readOrExplain(join(folder, 'password'), 'the password of the database')
  return { binaries, user: place.user, data, logFile: join(folder, 'server.log'), password: password.trim() }
}

interface SettingsOptions {
  readonly fast: boolean
  readonly socketFolder: string | undefined
}

/** As long as the path of a socket may be everywhere, less its name. */
const longestSocketFolder = 80

/** Where tests find a socket, which costs them less than TCP. */
export const socketFolderOf = ({ data }: Cluster, fast: boolean): string | undefined =>
  fast && process.platform !== 'win32' && data.length <= longestSocketFolder ? data : undefined

/**
 * The settings of the server, given at every start, so that a new release can change them. Parallel query is off: two
 * cores gain little from it, and in containers it fails for want of shared memory. The log is terse and names no
 * statements, because both would write personal data into it.
 */
export const settings = ({ fast, socketFolder }: SettingsOptions): readonly string[] => [
  'listen_addresses=127.0.0.1',
  `unix_socket_directories=${socketFolder ?? ''}`,
  'max_connections=100',
  'password_encryption=scram-sha-256',
  'timezone=UTC',
  'log_timezone=UTC',
  'lc_messages=C',
  'jit=off',
  'max_parallel_workers_per_gather=0',
  'log_checkpoints=off',
  'log_error_verbosity=terse',
  'log_min_error_statement=panic',
  // What a killed program has asked for ends soon too, with its locks. Windows cannot tell.
  ...(process.platform === 'win32' ? [] : ['client_connection_check_interval=5s']),
  ...(fast ? fastSettings : safeSettings),
]

const safeSettings = [
  'fsync=on',
  'synchronous_commit=on',
  'full_page_writes=on',
  'shared_buffers=128MB',
  'effective_cache_size=512MB',
  'random_page_cost=1.1',
]

const fastSettings = [
  'fsync=off',
  'synchronous_commit=off',
  'full_page_writes=off',
  'shared_buffers=32MB',
  'wal_level=minimal',
  'max_wal_senders=0',
]

const createCluster = async ({ folder, user }: Place, binaries: Binaries, fast: boolean): Promise<void> => {
  // Made under another name, so that what is called `cluster` is whole: whenever we are killed, and also when two
  // programs start at the same moment.
  const unfinished = join(folder, `${clusterFolder}.new-${randomBytes(6).toString('hex')}`)
  const passwordFile = join(unfinished, 'password')
  try {
    await mkdir(unfinished, { mode: 0o700 })
    await writeFile(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600, flag: 'wx' })
    if (user) await Promise.all([unfinished, passwordFile].map((path) => chown(path, user.uid, user.gid)))
    await initialize(join(unfinished, 'data'), { binaries, user, passwordFile, fast })
    await rename(unfinished, join(folder, clusterFolder)).catch(ignoreExisting)
    if (!fast) await syncFolder(folder)
  } finally {
    await rm(unfinished, { recursive: true, force: true })
  }
}

interface InitializeOptions {
  readonly binaries: Binaries
  readonly user: SystemUser | undefined
  readonly passwordFile: string
  readonly fast: boolean
}

const initialize = async (data: string, { binaries, user, passwordFile, fast }: InitializeOptions): Promise<void> => {
  const { ok, output } = await run(user, program(binaries, 'initdb'), [
    `--pgdata=${data}`,
    '--username=postgres',
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // PostgreSQL's own C.UTF-8: knows the case of all letters, and no upgrade of the system changes its order, which
    // would silently break indexes.
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--data-checksums',
    '--no-instructions',
    ...(fast ? ['--no-sync'] : []),
  ])
  if (ok) return
  const lastLines = output.split('\n').slice(-5).join('\n')
  throw new EmbeddedPostgresError(
    `The database could not be created in ${data}: see the reason below, or choose another data folder.\n${lastLines}`,
  )
}

const checkVersion = async (data: string, binaries: Binaries): Promise<void> => {
  const onDisk = (await readOrExplain(join(data, 'PG_VERSION'), 'the version of the database')).trim()
  const ours = binaries.version.split('.')[0]
  if (onDisk === ours) return
  throw new EmbeddedPostgresError(
    `The database in ${data} is of PostgreSQL ${onDisk} and this Foyer brings PostgreSQL ${ours}: ` +
      'move it over with pg_dump of the old version, or choose another data folder.',
  )
}

const readOrExplain = async (file: string, what: string): Promise<string> => {
  try {
    return await readFile(file, 'utf8')
  } catch {
    throw new EmbeddedPostgresError(
      `The file ${file} (${what}) cannot be read: bring it back from a backup, or choose another data folder.`,
    )
  }
}

// Another program created the cluster at the same moment, and its cluster is the one.
const ignoreExisting = (error: unknown): void => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && !(process.platform === 'win32' && code === 'EPERM')) throw error
}

// The new name must survive a power cut, like what will be written below it.
const syncFolder = async (folder: string): Promise<void> => {
  if (process.platform === 'win32') return
  await using handle = await open(folder, 'r')
  await handle.sync()
}
