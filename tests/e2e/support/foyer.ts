import { expect, test as base } from '@playwright/test'
import { findElectron } from '../../../build/electron-binary.ts'
import { buildIfStale } from '../../../build/window-build.ts'
import { type Academy, openAcademy } from './academy.ts'
import { browserDriver } from './browser-driver.ts'
import { watchComplaints } from './complaints.ts'
import { type Desk, deskAt } from './desk.ts'
import type { DeskDriver } from './desk-driver.ts'
import { electronDriver } from './electron-driver.ts'

interface DeskRequest {
  /** Of an earlier desk, to start it again; a new computer without. */
  readonly profileFolder?: string
  /** Of a new computer: by name; Werribee without. */
  readonly facility?: string
}

interface TestFixtures {
  /** Opens a desk, which is stopped after the test. */
  readonly openDesk: (request?: DeskRequest) => Promise<Desk>
  /** What any window complained about. A test fails for it at its end; one that provokes a complaint takes it out. */
  readonly complaints: string[]
}

interface WorkerFixtures {
  /** Whose academy it is: files with different names get one each. */
  readonly academyOf: string
  readonly academy: Academy
  readonly driver: DeskDriver
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  academyOf: ['anybody', { scope: 'worker', option: true }],

  academy: [
    async ({ academyOf }, provide) => {
      buildIfStale(console.log)
      const academy = await openAcademy(academyOf)
      await provide(academy)
      await academy.stop()
    },
    { scope: 'worker', timeout: 120_000 },
  ],

  driver: [
    async ({ browser }, provide) => {
      const electron = findElectron()
      const driver = electron ? electronDriver(electron) : browserDriver(browser)
      console.log(`Desks open in the ${driver.shell} shell.`)
      await provide(driver)
    },
    { scope: 'worker' },
  ],

  complaints: async ({ driver }, provide, { annotations }) => {
    const complaints: string[] = []
    annotations.push({ type: 'shell', description: driver.shell })
    await provide(complaints)
    expect(complaints).toEqual([])
  },

  openDesk: async ({ academy, driver, complaints }, provide) => {
    const desks: Desk[] = []
    await provide(async ({ profileFolder, facility } = {}) => {
      const folder = profileFolder ?? (await academy.newProfile(facility))
      const shell = await driver.open(folder, academy.serverUrl)
      watchComplaints(shell.page, complaints)
      const desk = deskAt({ ...shell, profileFolder: folder })
      desks.push(desk)
      return desk
    })
    for (const desk of desks) await desk.stop()
    await academy.startServer()
  },
})

export { expect }
