import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readSecretFile } from '../../../src-main/shell/secret-file.ts'
import { temporaryFolder } from '../../support/shell-folders.ts'

test('the first start makes a secret of 32 bytes that only its owner can read', async () => {
  const folder = temporaryFolder()

  const secret = await readSecretFile(folder)

  expect(Buffer.from(secret, 'base64url')).toHaveLength(32)
  expect(statSync(join(folder, 'device-secret')).mode & 0o777).toBe(0o600)
  expect(readdirSync(folder)).toEqual(['device-secret'])
})

test('every later start reads the same secret', async () => {
  const folder = temporaryFolder()

  const secrets = [await readSecretFile(folder), await readSecretFile(folder)]

  expect(secrets[1]).toBe(secrets[0])
})

test.each(['', 'short', 'not base64url at all!', Buffer.alloc(31).toString('base64url')])(
  'a damaged secret (%j) is an error and stays as it is',
  async (content) => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'device-secret'), content)

    await expect(readSecretFile(folder)).rejects.toThrow(/bring it back from a backup/)

    expect(readFileSync(join(folder, 'device-secret'), 'utf8')).toBe(content)
  },
)

test('a secret that cannot be read is an error, not a new secret', async () => {
  const folder = temporaryFolder()
  mkdirSync(join(folder, 'device-secret'))

  await expect(readSecretFile(folder)).rejects.toThrow(/cannot be read.*EISDIR/)

  expect(statSync(join(folder, 'device-secret')).isDirectory()).toBe(true)
})
