import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { type AppState, appState, channels } from '../../src-shared/contract/ipc.ts'
import type { Reply } from '../../src-shared/errors.ts'
import type { Log } from '../log.ts'
import { runDataProcess } from './data-process.ts'
import type { Call, Shell } from './shell.ts'

export interface RunOptions {
  readonly profileFolder: string
  /** Offered in the enrollment screen. */
  readonly serverUrl: string | undefined
  readonly log: Log
}

export interface RunningShell {
  readonly stop: () => Promise<void>
}

/**
 * Puts a shell and its data process together and opens the window. The caller holds the profile's lock, so nothing
 * else has the profile's databases open.
 */
export const runShell = async (shell: Shell, { profileFolder, serverUrl, log }: RunOptions): Promise<RunningShell> => {
  const deviceSecret = await shell.readSecret()
  const data = runDataProcess({
    startChild: shell.startDataChild,
    start: { profileFolder, deviceSecret, ...(serverUrl ? { defaultServerUrl: serverUrl } : {}) },
    onPush: shell.push,
    log,
  })
  await enrollFromFile(profileFolder, data.call, log)
  await shell.serve(withPrinter(data.call, shell, log))
  await shell.openWindow()
  shell.checkForUpdates()
  return {
    stop: async () => {
      await shell.close()
      await data.stop()
    },
  }
}

const enrollment = channels['device.enroll'].input

/**
 * A computer that is not enrolled takes code and server from `<profile>/enroll.json`, if somebody put one there: the
 * demo does, and whoever sets up many computers can. The file goes when the computer is enrolled.
 */
const enrollFromFile = async (profileFolder: string, call: Call, log: Log): Promise<void> => {
  const file = join(profileFolder, 'enroll.json')
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return
  const reply = await enrollIfNew(text, call)
  if (reply.ok) await rm(file, { force: true })
  else log.warn(`The computer could not be enrolled: ${reply.error.message}`)
}

/** Nobody has said yet what becomes of the computer that was enrolled here. */
const unknownStages: ReadonlySet<AppState['stage']> = new Set(['locked', 'damaged', 'unreadable'])

const enrollIfNew = async (text: string, call: Call): Promise<Reply<unknown>> => {
  const state = await call('app.state', undefined)
  if (!state.ok) return state
  const { stage } = appState.parse(state.value)
  if (unknownStages.has(stage))
    return { ok: false, error: { code: 'invalid_input', message: `It is ${stage}.`, details: {} } }
  if (stage !== 'not_enrolled') return state
  const input = enrollment.safeParse(parseJson(text))
  if (input.success) return call('device.enroll', input.data)
  return { ok: false, error: { code: 'invalid_input', message: z.prettifyError(input.error), details: {} } }
}

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Hands a rendered receipt to the printer before the window hears of it, so that it knows whether one took it. */
const withPrinter =
  (call: Call, shell: Shell, log: Log): Call =>
  async (channel, input) => {
    const reply = await call(channel, input)
    if (channel !== 'print.receipt' || !reply.ok) return reply
    const { pdf } = channels['print.receipt'].output.parse(reply.value)
    const { paper } = channels['print.receipt'].input.parse(input)
    const printed = await shell.print({ pdf: Buffer.from(pdf, 'base64'), paper }).catch((error: unknown) => {
      log.warn(`A receipt could not be printed: ${error instanceof Error ? error.message : 'unknown reason'}`)
      return false
    })
    return { ok: true, value: { pdf, printed } }
  }
