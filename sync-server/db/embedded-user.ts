import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { delimiter } from 'node:path'
import { EmbeddedPostgresError } from './embedded-error.ts'

/** Whom the processes of PostgreSQL run as. Where it may be undefined: as ourselves. */
export interface SystemUser {
  readonly uid: number
  readonly gid: number
}

export interface Outcome {
  readonly ok: boolean
  /** Standard output and standard error, trimmed. */
  readonly output: string
}

/** PostgreSQL refuses to run as root; everything that differs for root asks here. */
export const isRoot = (): boolean => process.getuid?.() === 0

/**
 * How to spawn a program of PostgreSQL. The working directory is one that every user can enter, and nothing of our
 * environment comes along that changes what PostgreSQL does (PGDATA, PGPORT, LC_ALL, TZ …).
 */
export const spawnOptions = (user: SystemUser | undefined, more: NodeJS.ProcessEnv = {}) => ({
  ...user,
  cwd: '/',
  windowsHide: true,
  env: { PATH: searchPath(), SystemRoot: process.env['SystemRoot'], LC_ALL: 'C', TZ: 'UTC', ...more },
})

// Where useradd is; a root that came by `su` does not search there.
const searchPath = (): string => [process.env['PATH'], '/usr/sbin', '/sbin'].join(delimiter)

/** Runs a program to its end. It never throws: a program that cannot be started is a failed outcome. */
export const run = async (user: SystemUser | undefined, program: string, args: readonly string[]): Promise<Outcome> => {
  let output = ''
  try {
    const child = spawn(program, args, { ...spawnOptions(user), stdio: ['ignore', 'pipe', 'pipe'] })
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    await once(child, 'close')
    return { ok: child.exitCode === 0, output: output.trim() }
  } catch (error) {
    return { ok: false, output: error instanceof Error ? error.message : String(error) }
  }
}

/** The system user of this name, created (without login and home) if there is none. Only for root. */
export const findOrCreateUser = async (name: string): Promise<SystemUser> => {
  const user = (await findUser(name)) ?? (await createUser(name))
  const outcome = await run(user, '/bin/sh', ['-c', 'true'])
  if (outcome.ok) return user
  throw new EmbeddedPostgresError(
    `PostgreSQL does not run as root, and this root may not start it as "${name}" (a container without CAP_SETUID?): ` +
      `start Foyer as an ordinary user, or set DATABASE_URL. (${outcome.output})`,
  )
}

const createUser = async (name: string): Promise<SystemUser> => {
  const args = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', name]
  const created = await run(undefined, 'useradd', args)
  // Asked again also after a failure: another start of Foyer may have created it in the meantime.
  const user = await findUser(name)
  if (user) return user
  throw new EmbeddedPostgresError(
    `PostgreSQL does not run as root, and the system user "${name}" could not be created: ` +
      `create it, start Foyer as an ordinary user, or set DATABASE_URL. (${created.output})`,
  )
}

const findUser = async (name: string): Promise<SystemUser | undefined> => {
  const [uid, gid] = await Promise.all([run(undefined, 'id', ['-u', name]), run(undefined, 'id', ['-g', name])])
  return uid.ok && gid.ok ? { uid: Number(uid.output), gid: Number(gid.output) } : undefined
}
