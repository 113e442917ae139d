/** `npm start`: PostgreSQL, the demo academy, the sync server and a desk, on this machine. See start-options.ts. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { lockProfile } from '../src-main/shell/profile-lock.ts'
import { readRunning, startUrl } from '../src-main/shell/running-file.ts'
import { ShellError } from '../src-main/shell/shell-error.ts'
import { EmbeddedPostgresError } from '../sync-server/db/embedded-error.ts'
import { MigrationError } from '../sync-server/db/migrate.ts'
import { demoSignIns } from './demo/story.ts'
import { isEnrolled, leaveCode, startDesk } from './desk.ts'
import { findElectron } from './electron-binary.ts'
import { startElectron } from './electron-desk.ts'
import { startStack, type Stack } from './stack.ts'
import { StartError } from './start-error.ts'
import { help, readStartOptions, type StartOptions } from './start-options.ts'
import { buildIfStale } from './window-build.ts'

const say = (line: string): void => console.log(`  ${line}`)

/** What was started, to be stopped in the opposite order. */
const started: { readonly stop: () => Promise<void> }[] = []
let stopping: Promise<void> | undefined

const stopAll = async (): Promise<void> => {
  for (const part of started.toReversed()) await part.stop()
}

const stop = (exitCode: number): void => {
  stopping ??= stopAll().finally(() => process.exit(exitCode))
}

/** A folder for each facility that was asked for by name, so that one computer can try several desks. */
const profileOf = ({ dataFolder, facility }: StartOptions): string =>
  join(dataFolder, facility ? `desk-${facility.toLowerCase().replaceAll(/[^a-z\d]+/g, '-')}` : 'desk')

const refuseSecondStart = ({ dataFolder, ...options }: StartOptions): { readonly release: () => void } => {
  mkdirSync(dataFolder, { recursive: true, mode: 0o755 })
  const lock = lockProfile(dataFolder)
  if (lock) return lock
  const running = readRunning(profileOf({ dataFolder, ...options }))
  throw new StartError(
    `Foyer runs already on ${dataFolder}${running ? `. Its window: ${startUrl(running)}` : '.'} (Another --data starts a second one.)`,
  )
}

const enroll = async (stack: Stack, options: StartOptions): Promise<void> => {
  const profileFolder = profileOf(options)
  if (isEnrolled(profileFolder)) return
  leaveCode(profileFolder, await stack.createCode(options.facility), stack.serverUrl)
  say('This computer is enrolled as a front desk.')
}

const openDesk = async (options: StartOptions, serverUrl: string | undefined): Promise<string | undefined> => {
  const profileFolder = profileOf(options)
  const electron = findElectron()
  if (options.shell === 'electron' && !electron) {
    throw new StartError(
      "Electron's binary is not installed: run `npx install-electron`, or start with --shell browser.",
    )
  }
  if (electron && options.shell !== 'browser' && options.open) {
    const desk = startElectron({ electron, profileFolder, serverUrl })
    started.push(desk)
    void desk.exited.then(() => stop(0))
    return undefined
  }
  const desk = await startDesk({ profileFolder, open: options.open, ...(serverUrl ? { serverUrl } : {}) })
  started.push(desk)
  void desk.exited.then(() => stop(1))
  return desk.url
}

const run = async (): Promise<void> => {
  const options = readStartOptions(process.argv.slice(2))
  if (options.help) {
    console.log(help)
    return
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(0))

  console.log('Foyer')
  const lock = refuseSecondStart(options)
  started.push({ stop: async () => lock.release() })
  buildIfStale(say)
  const stack = options.offline ? undefined : await startStack({ dataFolder: options.dataFolder, log: say })
  if (stack) {
    started.push(stack)
    await enroll(stack, options)
  }
  const url = await openDesk(options, stack?.serverUrl)
  if (stopping) return

  console.log()
  if (url) say(`Window   ${url}   (works once)`)
  if (stack) say(`Server   ${stack.serverUrl}`)
  say(`Data     ${options.dataFolder}`)
  console.log()
  for (const { title, sign_in_name, password } of demoSignIns) {
    say(`${title.padEnd(11)} sign in as ${sign_in_name.padEnd(7)} password ${password}`)
  }
  console.log()
  say('Ctrl-C stops everything.')
}

const isForeseen = (error: unknown): error is Error =>
  error instanceof StartError ||
  error instanceof ShellError ||
  error instanceof EmbeddedPostgresError ||
  error instanceof MigrationError

run().catch((error: unknown) => {
  console.error(isForeseen(error) ? error.message : error)
  stop(1)
})
