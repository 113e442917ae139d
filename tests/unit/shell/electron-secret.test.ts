import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { readKeychainSecret, type KeychainOptions } from '../../../src-main/shell/electron-secret.ts'
import { temporaryFolder } from '../../support/shell-folders.ts'

type Backend = ReturnType<KeychainOptions['safeStorage']['getSelectedStorageBackend']>

const setUp = (facts: { platform?: NodeJS.Platform; backend?: Backend; available?: boolean } = {}) => {
  const warn = vi.fn()
  const safeStorage = {
    isAsyncEncryptionAvailable: vi.fn(async () => facts.available ?? true),
    encryptStringAsync: vi.fn(async (text: string) => Buffer.from(`sealed:${text}`)),
    decryptStringAsync: vi.fn(async (sealed: Buffer) => ({
      result: sealed.toString().replace('sealed:', ''),
      shouldReEncrypt: false,
    })),
    getSelectedStorageBackend: vi.fn((): Backend => facts.backend ?? 'gnome_libsecret'),
  }
  const profileFolder = temporaryFolder()
  const options: KeychainOptions = {
    profileFolder,
    safeStorage,
    platform: facts.platform ?? 'linux',
    log: { info: vi.fn(), warn, error: vi.fn() },
    retryAfter: 1,
  }
  return { options, safeStorage, warn, sealedFile: join(profileFolder, 'device-secret.sealed') }
}

test('the first start seals a new secret with the keychain, and every later one opens it', async () => {
  const { options, sealedFile } = setUp()

  const secrets = [await readKeychainSecret(options), await readKeychainSecret(options)]

  expect(secrets[1]).toBe(secrets[0])
  expect(readFileSync(sealedFile, 'utf8')).toBe(`sealed:${secrets[0]}`)
  expect(statSync(sealedFile).mode & 0o777).toBe(0o600)
  expect(existsSync(join(options.profileFolder, 'device-secret'))).toBe(false)
})

test('a keychain that does not answer for a moment is asked again', async () => {
  const { options, safeStorage } = setUp()
  const secret = await readKeychainSecret(options)
  safeStorage.decryptStringAsync.mockRejectedValueOnce(new Error('temporarily unavailable'))

  expect(await readKeychainSecret(options)).toBe(secret)
})

test('a keychain that stays locked is an error, and no new secret is made', async () => {
  const { options, safeStorage, sealedFile } = setUp()
  const secret = await readKeychainSecret(options)
  safeStorage.decryptStringAsync.mockRejectedValue(new Error('temporarily unavailable'))

  await expect(readKeychainSecret(options)).rejects.toThrow(/Unlock it and start Foyer again/)

  expect(readFileSync(sealedFile, 'utf8')).toBe(`sealed:${secret}`)
  expect(safeStorage.encryptStringAsync).toHaveBeenCalledOnce()
})

test('a keychain that somebody calls lost makes place for a new secret, and what it had sealed is kept (D16)', async () => {
  const { options, safeStorage, sealedFile } = setUp()
  const secret = await readKeychainSecret(options)
  safeStorage.decryptStringAsync.mockRejectedValue(new Error('not this keychain'))

  const fresh = await readKeychainSecret({ ...options, isLost: true })

  expect(fresh).not.toBe(secret)
  expect(readFileSync(sealedFile, 'utf8')).toBe(`sealed:${fresh}`)
  expect(readFileSync(`${sealedFile}.lost-1`, 'utf8')).toBe(`sealed:${secret}`)
})

test('a keychain that opens is not lost, whatever somebody says', async () => {
  const { options } = setUp()
  const secret = await readKeychainSecret(options)

  expect(await readKeychainSecret({ ...options, isLost: true })).toBe(secret)
})

test('a sealed secret is not replaced when the keychain is gone altogether (D16)', async () => {
  const { options, safeStorage, sealedFile } = setUp()
  await readKeychainSecret(options)
  safeStorage.isAsyncEncryptionAvailable.mockResolvedValue(false)
  safeStorage.decryptStringAsync.mockRejectedValue(new Error('no keychain'))
  const before = readFileSync(sealedFile, 'utf8')

  await expect(readKeychainSecret(options)).rejects.toThrow(/no keychain/)

  expect(readFileSync(sealedFile, 'utf8')).toBe(before)
  expect(existsSync(join(options.profileFolder, 'device-secret'))).toBe(false)
})

test.each([
  ['Linux knows no keychain', { backend: 'basic_text' }],
  ['there is no keychain', { platform: 'win32', available: false }],
] as const)('when %s, the secret is kept in a 0600 file and the log says so', async (_what, facts) => {
  const { options, safeStorage, warn } = setUp(facts)

  const secret = await readKeychainSecret(options)

  const file = join(options.profileFolder, 'device-secret')
  expect(readFileSync(file, 'utf8').trim()).toBe(secret)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(warn).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('without the protection of a keychain'))
  expect(safeStorage.encryptStringAsync).not.toHaveBeenCalled()
})

test('a secret that began in a file stays readable when a keychain appears', async () => {
  const { options } = setUp()
  const secret = Buffer.alloc(32, 1).toString('base64url')
  writeFileSync(join(options.profileFolder, 'device-secret'), secret)

  expect(await readKeychainSecret(options)).toBe(secret)
})
