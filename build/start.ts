/** `npm start`: PostgreSQL, the demo academy, the sync server and a desk, on this machine. See start-options.ts. */
import { join } from 'node:path'
import type { ExclusiveLock } from '../src-main/exclusive-lock.ts'
import { hasDisplay } from '../src-main/shell/app-window.ts'
import { lockProfile } from '../src-main/shell/profile-lock.ts'
import { readRunning, startUrl } from '../src-main/shell/running-file.ts'
import { ShellError } from '../src-main/shell/shell-error.ts'
import { EmbeddedPostgresError } from '../sync-server/db/embedded-error.ts'
import { MigrationError } from '../sync-server/db/migrate.ts'
import { demoSignIns } from './demo/story.ts'
import { isEnrolled, leaveCode, startDesk } from './desk.ts'
import { findElectron } from './electron-binary.ts'
import { startElectron } from './electron-desk.ts'
import { makeDataFolder, startStack } from './stack.ts'
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

/** Waits for the step that is under way, so that nothing which it starts is forgotten. */
const stop = (exitCode: number): void => {
  stopping ??= work
    .catch(() => undefined)
    .then(stopAll)
    .finally(() => process.exit(exitCode))
}

const stopBecause = (line: string): void => {
  if (!stopping) say(line)
  stop(1)
}

/** A folder for each facility that was asked for by name, so that one computer can try several desks. */
const profileOf = ({ dataFolder, facility }: StartOptions): string =>
  join(dataFolder, facility ? `desk-${facility.toLowerCase().replaceAll(/[^a-z\d]+/g, '-')}` : 'desk')

const lockData = (options: StartOptions): ExclusiveLock => {
  makeDataFolder(options.dataFolder)
  const lock = lockProfile(options.dataFolder)
  if (lock) return lock
  const running = readRunning(profileOf(options))
  const where = running ? `; its window: ${startUrl(running)}` : ''
  throw new StartError(`Foyer runs already on ${options.dataFolder} (another --data starts a second one)${where}`)
}

/** Electron's program, if the desk is to open in it. */
const chooseElectron = ({ shell, open }: StartOptions): string | undefined => {
  const electron = shell === 'browser' ? undefined : findElectron()
  if (shell === 'electron' && !electron) {
    throw new StartError(
      "Electron's binary is not installed: `npx install-electron` gets it, --shell browser does without.",
    )
  }
  return shell === 'electron' || (open && hasDisplay(process.env)) ? electron : undefined
}

interface DeskPlan {
  readonly options: StartOptions
  readonly electron: string | undefined
  readonly serverUrl: string | undefined
}

const openDesk = async ({ options, electron, serverUrl }: DeskPlan): Promise<string | undefined> => {
  const profileFolder = profileOf(options)
  if (electron) {
    const desk = startElectron({ electron, profileFolder, serverUrl })
    started.push(desk)
    // Its window was closed.
    void desk.exited.then(() => stop(0))
    return undefined
  }
  const desk = await startDesk({ profileFolder, open: options.open, ...(serverUrl ? { serverUrl } : {}) })
  started.push(desk)
  void desk.exited.then(() => stopBecause(`The desk has ended: see ${join(profileFolder, 'log/desk.log')}`))
  return desk.url
}

const notEnrolled = (options: StartOptions): string =>
  options.offline
    ? 'This computer is not enrolled yet: start once without --offline.'
    : `This computer could not be enrolled: see ${join(profileOf(options), 'log/shell.log')}`

const run = async (): Promise<void> => {
  const options = readStartOptions(process.argv.slice(2))
  if (options.help) {
    console.log(help)
    return
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop(0))

  console.log('Foyer')
  const electron = chooseElectron(options)
  const lock = lockData(options)
  started.push({ stop: async () => lock.release() })
  buildIfStale(say)
  const profileFolder = profileOf(options)
  const isNew = !isEnrolled(profileFolder)
  const stack = options.offline ? undefined : await startStack({ dataFolder: options.dataFolder, log: say })
  if (stack) started.push(stack)
  if (stack && isNew) leaveCode(profileFolder, await stack.createCode(options.facility), stack.serverUrl)
  if (stopping) return
  const url = await openDesk({ options, electron, serverUrl: stack?.serverUrl })
  // Electron enrolls it only now, and its window says what comes of it.
  const isOpen = url !== undefined || options.offline
  if (isNew && isOpen)
    say(isEnrolled(profileFolder) ? 'This computer is enrolled as a front desk.' : notEnrolled(options))
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

const work = run()
work.catch((error: unknown) => {
  console.error(isForeseen(error) ? error.message : error)
  stop(1)
})
