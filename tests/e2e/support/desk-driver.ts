import type { Page } from '@playwright/test'

/** A shell with its window open. */
interface RunningShell {
  readonly page: Page
  /** Kills window, shell and data process at once, as a power cut would. */
  readonly kill9: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** Opens desks in one of the two shells; the tests do not know in which. */
export interface DeskDriver {
  readonly shell: 'browser' | 'electron'
  readonly open: (profileFolder: string, serverUrl: string) => Promise<RunningShell>
}
