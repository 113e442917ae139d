import type { Reply } from '../../src-shared/errors.ts'
import type { Push } from '../../src-shared/contract/push.ts'

/** What a shell tells the data process once, before anything else. */
export interface StartOptions {
  /** Where `device.json`, `desk.db` and `replica.db` live. */
  readonly profileFolder: string
  /** 32 random bytes, base64url, kept by the shell in the keychain or a 0600 file. */
  readonly deviceSecret: string
  /** Offered in the enrollment screen. */
  readonly defaultServerUrl?: string
}

/** Messages from a shell to the data process. */
export type ToData =
  | { readonly start: StartOptions }
  | { readonly id: number; readonly channel: string; readonly input: unknown }

/** Messages from the data process to a shell. */
export type FromData = { readonly id: number; readonly reply: Reply<unknown> } | Push
