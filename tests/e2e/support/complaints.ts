import type { Page } from '@playwright/test'

/** What a window has complained about: errors of the console, violations of the content security policy, exceptions. */
export const watchComplaints = (page: Page, into: string[]): void => {
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') into.push(`${message.type()}: ${message.text()}`)
  })
  page.on('pageerror', (error) => into.push(`exception: ${error.message}`))
}
