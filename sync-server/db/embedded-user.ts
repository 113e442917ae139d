import { spawn } from 'node:child_process'
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
  env: { PATH: process.env['PATH'], SystemRoot: process.env['SystemRoot'], LC_ALL: 'C', TZ: 'UTC', ...more },
})

/** Runs a program to its end. It never throws: a program that cannot be started is a failed outcome. */
export const run = (user: SystemUser | undefined, program: string, args: readonly string[]): Promise<Outcome> =>
  new Promise((resolve) => {
    const child = spawn(program, args, { ...spawnOptions(user), stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.once('error', (error) => resolve({ ok: false, output: error.message }))
    child.once('close', (code) => resolve({ ok: code === 0, output: output.trim() }))
  })

/** The system user of this name, created (without login and home) if there is none. Only for root. */
export const findOrCreateUser = async (name: string): Promise<SystemUser> => {
  const found = await findUser(name)
  if (found) return found

  const args = ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', name]
  const created = await run(undefined, 'useradd', args)
  // Asked again also after a failure: another start of Foyer may have created it in the meantime.
  const user = await findUser(name)
  if (user) return user
  throw new EmbeddedPostgresError(
    `PostgreSQL does not run as root and the system user "${name}" could not be created: ` +
      `create it, start Foyer as an ordinary user, or set DATABASE_URL. (${created.output})`,
  )
}

const findUser = async (name: string): Promise<SystemUser | undefined> => {
  const [uid, gid] = await Promise.all([run(undefined, 'id', ['-u', name]), run(undefined, 'id', ['-g', name])])
  return uid.ok && gid.ok ? { uid: Number(uid.output), gid: Number(gid.output) } : undefined
}
