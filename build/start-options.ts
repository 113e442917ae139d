import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { StartError } from './start-error.ts'

export interface StartOptions {
  readonly open: boolean
  readonly shell: 'browser' | 'electron' | undefined
  readonly facility: string | undefined
  readonly offline: boolean
  readonly dataFolder: string
  readonly help: boolean
}

export const help = `npm start -- [options]

  --facility <code or name>   enroll this computer there (the demo's main one)
  --shell browser|electron    the window: a browser's, or Electron's (Electron's, if its binary is installed)
  --no-open                   open no window, only print its address
  --offline                   only the desk: neither server nor database
  --data <folder>             where everything is kept (data/ in the checkout)
  --help                      this`

/** Reads the command line. Throws StartError with one line that names the mistake. */
export const readStartOptions = (args: readonly string[]): StartOptions => {
  const { values } = parse(args)
  const { shell } = values
  if (shell !== undefined && shell !== 'browser' && shell !== 'electron') {
    throw new StartError(`--shell takes browser or electron, not "${shell}".`)
  }
  return {
    open: !values['no-open'],
    shell,
    facility: values.facility,
    offline: values.offline,
    dataFolder: resolve(values.data),
    help: values.help,
  }
}

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        'no-open': { type: 'boolean', default: false },
        shell: { type: 'string' },
        facility: { type: 'string' },
        offline: { type: 'boolean', default: false },
        data: { type: 'string', default: join(import.meta.dirname, '../data') },
        help: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    const reason = error instanceof Error ? error.message.split('. ')[0] : String(error)
    throw new StartError(`${reason}. See: npm start -- --help`)
  }
}
