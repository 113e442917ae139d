import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { SafeStorage } from 'electron'
import type { Log } from '../log.ts'
import { checkSecret, createPrivateFile, newSecret, readIfThere, readSecretFile } from './secret-file.ts'
import { ShellError } from './shell-error.ts'

export interface KeychainOptions {
  readonly profileFolder: string
  readonly safeStorage: Pick<
    SafeStorage,
    'isAsyncEncryptionAvailable' | 'encryptStringAsync' | 'decryptStringAsync' | 'getSelectedStorageBackend'
  >
  readonly platform: NodeJS.Platform
  readonly log: Log
  /** Somebody said that the keychain will not open it any more: what it does not open is set aside. */
  readonly isLost?: boolean
  /** Milliseconds between tries. */
  readonly retryAfter?: number
}

const tries = 5

/**
 * The device secret, sealed by the keychain of the operating system in `<profile>/device-secret.sealed`.
 *
 * A keychain that does not answer now is asked again, and then it is an error: a new secret is made only when there has
 * never been one, because a new one could not open what the old one has locked. Linux's `basic_text` seals with a key
 * that everybody knows, so there the secret is kept in a 0600 file, and the log says so.
 */
export const readKeychainSecret = async (options: KeychainOptions): Promise<string> => {
  const { profileFolder, safeStorage, log } = options
  const file = join(profileFolder, 'device-secret.sealed')
  const sealed = await readIfThere(file)
  const opened = sealed && (await unseal(sealed, options))
  if (opened !== undefined) return checkSecret(opened, `The keychain's answer for ${file}`)
  if (sealed) await setAside(file)

  const weakness = await weaknessOf(options)
  // A secret that began in a file stays there: it could not be moved without a moment in which it is nowhere.
  if (weakness !== undefined || (await readIfThere(join(profileFolder, 'device-secret')))) {
    log.warn(`The device secret is kept in a file without the protection of a keychain${weakness ?? ''}.`)
    return readSecretFile(profileFolder)
  }
  const secret = newSecret()
  await createPrivateFile(file, await safeStorage.encryptStringAsync(secret))
  return secret
}

/** Kept, in case that it opens some day; the profile is locked until somebody has a code for it (device.ts). */
const setAside = async (file: string): Promise<void> => {
  let number = 1
  while (await readIfThere(`${file}.lost-${number}`)) number += 1
  await rename(file, `${file}.lost-${number}`)
}

/** Undefined when it is lost. */
const unseal = async (sealed: Buffer, options: KeychainOptions): Promise<string | undefined> => {
  const { safeStorage, retryAfter = 1_000, log, isLost = false } = options
  for (let attempt = 1; ; attempt += 1) {
    try {
      return (await safeStorage.decryptStringAsync(sealed)).result
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      if (attempt === tries && isLost) return undefined
      if (attempt === tries) {
        throw new ShellError(
          `The keychain of this computer does not open the device secret (${reason}). ` +
            'Unlock it and start Foyer again; nothing was changed. If it is gone for good, start Foyer once with ' +
            '--keychain-lost: a code from an administrator then opens this computer, with all that was not sent yet.',
        )
      }
      log.warn(`The keychain did not answer (${reason}); it is asked again.`)
      await delay(retryAfter)
    }
  }
}

const weaknessOf = async ({ safeStorage, platform }: KeychainOptions): Promise<string | undefined> => {
  if (platform === 'linux' && safeStorage.getSelectedStorageBackend() === 'basic_text') {
    return ', because this desktop has none that Foyer knows (basic_text)'
  }
  return (await safeStorage.isAsyncEncryptionAvailable()) ? undefined : ', because there is none'
}
