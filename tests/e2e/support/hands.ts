import type { Locator, Page } from '@playwright/test'

/** Two hands at a desk, whose actions are counted as JOURNEYS does: one key, click or tap each. */
export interface Hands {
  readonly press: (key: string) => Promise<void>
  /** One action per letter. */
  readonly type: (text: string) => Promise<void>
  readonly click: (target: Locator) => Promise<void>
  /** Counts from here on. */
  readonly startCount: () => () => number
}

/** Slower than a card scanner, faster than anybody at a counter. */
const betweenLettersMs = 50

export const handsOn = (page: Page): Hands => {
  let actions = 0
  return {
    press: async (key) => {
      actions += 1
      await page.keyboard.press(key)
    },
    type: async (text) => {
      actions += text.length
      await page.keyboard.type(text, { delay: betweenLettersMs })
    },
    click: async (target) => {
      actions += 1
      await target.click()
    },
    startCount: () => {
      const before = actions
      return () => actions - before
    },
  }
}
