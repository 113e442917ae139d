import type { Browser } from '@playwright/test'
import { startDesk } from '../../../build/desk.ts'
import type { DeskDriver } from './desk-driver.ts'

/** The browser shell: our processes as `npm start` runs them, the window in a browser context of its own. */
export const browserDriver = (browser: Browser): DeskDriver => ({
  shell: 'browser',
  open: async (profileFolder, serverUrl) => {
    const desk = await startDesk({ profileFolder, serverUrl })
    const context = await browser.newContext({ viewport: { width: 1366, height: 768 }, colorScheme: 'light' })
    const page = await context.newPage()
    await page.goto(desk.url)
    return {
      page,
      // The window goes first: one that outlives its shell tries to reach it, and says so in the console.
      kill9: async () => {
        await context.close()
        await desk.kill9()
      },
      stop: async () => {
        await context.close()
        await desk.stop()
      },
    }
  },
})
