import { expect, type Locator, type Page } from '@playwright/test'
import { demoSignIns, type DemoRole } from '../../../build/demo/story.ts'
import { type Hands, handsOn } from './hands.ts'

/** A desk as the person before it sees it. */
export interface Desk {
  readonly page: Page
  readonly hands: Hands
  readonly profileFolder: string
  /** What the status line says of both directions of sync. */
  readonly status: Locator
  readonly search: Locator
  readonly toast: Locator
  /** Types name and password, as at the first sign-in on a computer. Waits for the desk. */
  readonly signIn: (role: DemoRole) => Promise<void>
  /** Picks the own name and types the password, as whoever has signed in here before. Waits for the desk. */
  readonly unlock: (role: DemoRole) => Promise<void>
  /** Through the command palette. */
  readonly run: (action: string) => Promise<void>
  readonly kill9: () => Promise<void>
  readonly stop: () => Promise<void>
}

interface DeskParts {
  readonly page: Page
  readonly profileFolder: string
  readonly kill9: () => Promise<void>
  readonly stop: () => Promise<void>
}

const demoPerson = (role: DemoRole) => {
  const person = demoSignIns.find((candidate) => candidate.role === role)
  if (!person) throw new Error(`Nobody in the demo is ${role}.`)
  return { ...person, name: `${person.first_name} ${person.last_name}` }
}

export const deskAt = (parts: DeskParts): Desk => {
  const { page } = parts
  const hands = handsOn(page)
  const password = page.getByRole('textbox', { name: 'Password' })
  const status = page.getByRole('contentinfo', { name: 'Status' })

  return {
    ...parts,
    hands,
    status,
    search: page.getByRole('combobox', { name: 'Search families' }),
    toast: page.locator('output[aria-live]'),
    signIn: async (role) => {
      const person = demoPerson(role)
      await page.getByRole('textbox', { name: 'Name' }).fill(person.sign_in_name)
      await password.fill(person.password)
      await hands.press('Enter')
      await expect(status).toContainText(person.name)
    },
    unlock: async (role) => {
      const person = demoPerson(role)
      await hands.click(page.getByRole('button', { name: person.name }))
      await expect(password).toBeFocused()
      await hands.type(person.password)
      await hands.press('Enter')
      await expect(status).toContainText(person.name)
    },
    run: async (action) => {
      await hands.press('Control+k')
      await page.getByRole('combobox', { name: 'What would you like to do?' }).fill(action)
      await hands.press('Enter')
    },
  }
}
