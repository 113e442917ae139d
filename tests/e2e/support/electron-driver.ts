import { join } from 'node:path'
import { _electron } from '@playwright/test'
import type { DeskDriver } from './desk-driver.ts'

const root = join(import.meta.dirname, '../../..')

/** The Electron shell, from the built files. */
export const electronDriver = (executablePath: string): DeskDriver => ({
  shell: 'electron',
  open: async (profileFolder, serverUrl) => {
    const program = await _electron.launch({
      executablePath,
      args: [
        root,
        `--profile=${profileFolder}`,
        `--server-url=${serverUrl}`,
        // Chromium refuses its sandbox as root.
        ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ],
      colorScheme: 'light',
    })
    const main = program.process()
    const exited = new Promise<void>((resolve) => main.once('exit', () => resolve()))
    const page = await program.firstWindow()
    return {
      page,
      kill9: async () => {
        main.kill('SIGKILL')
        await exited
      },
      stop: async () => program.close(),
    }
  },
})
