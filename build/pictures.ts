/** `node build/pictures.ts`: takes the pictures of README.md anew, from the demo academy, into resources/pictures. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Page } from '@playwright/test'
import { findChromium } from './chromium.ts'
import { demoSignIns, storyOf } from './demo/story.ts'
import { leaveCode, startDesk } from './desk.ts'
import { startStack } from './stack.ts'
import { StartError } from './start-error.ts'
import { buildIfStale } from './window-build.ts'

const pictures = join(import.meta.dirname, '../resources/pictures')
const { family, rollClass, children } = storyOf('WER')

const take = async (page: Page, name: string): Promise<void> => {
  // What a change highlights has faded, and what slides in has arrived.
  await page.waitForTimeout(1_500)
  await page.screenshot({ path: join(pictures, `${name}.png`) })
}

const signIn = async (page: Page): Promise<void> => {
  const [frontDesk] = demoSignIns
  await page.getByRole('textbox', { name: 'Name' }).fill(frontDesk.sign_in_name)
  await page.getByLabel('Password', { exact: true }).fill(frontDesk.password)
  await page.keyboard.press('Enter')
  await page.getByRole('option').first().waitFor()
}

const takeAll = async (page: Page): Promise<void> => {
  await page.getByRole('option', { name: family }).click()
  await page.getByRole('dialog', { name: `Family ${family}` }).waitFor()
  await take(page, 'counter')

  await page.keyboard.press('p')
  await page.getByRole('textbox', { name: 'Amount' }).waitFor()
  await page.keyboard.press('c')
  await page.getByRole('textbox', { name: 'Handed over' }).fill('70')
  await take(page, 'payment')

  for (const _ of ['cash', 'payment']) await page.keyboard.press('Escape')
  await page.keyboard.press('Enter')
  const done = page.locator('output').getByText(/^Checked in/)
  await done.waitFor()
  await page.keyboard.press('F3')
  await page.getByRole('button', { name: rollClass }).click()
  const rows = page.getByRole('list', { name: 'Roll' }).getByRole('listitem')
  await rows.filter({ hasText: children[0] }).getByRole('button', { name: 'Present' }).click()
  const unseen = rows.filter({ hasText: 'Not checked in' })
  for (const [place, mark] of ['Present', 'Late', 'Absent', 'Present', 'Present'].entries()) {
    await unseen.nth(place).getByRole('button', { name: mark }).click()
  }
  await done.waitFor({ state: 'hidden' })
  await take(page, 'roll')
}

const run = async (): Promise<void> => {
  const executablePath = findChromium()
  if (!executablePath)
    throw new StartError('No Chromium, Chrome or Edge here: install one, or name one in FOYER_CHROMIUM.')
  buildIfStale(console.log)
  mkdirSync(pictures, { recursive: true })
  const folder = mkdtempSync(join(tmpdir(), 'foyer-pictures-'))
  chmodSync(folder, 0o755)
  const stack = await startStack({ dataFolder: join(folder, 'data'), fast: true })
  const profileFolder = join(folder, 'desk')
  leaveCode(profileFolder, await stack.createCode(), stack.serverUrl)
  const desk = await startDesk({ profileFolder, serverUrl: stack.serverUrl })
  const browser = await chromium.launch({ executablePath, args: process.getuid?.() === 0 ? ['--no-sandbox'] : [] })
  try {
    const page = await browser.newPage({ viewport: { width: 1366, height: 768 }, colorScheme: 'light' })
    await page.goto(desk.url)
    await signIn(page)
    await takeAll(page)
    console.log(`The pictures are in ${pictures}.`)
  } finally {
    await browser.close()
    await desk.stop()
    await stack.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

await run()
