import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { loadKeys, loadOrCreateKeys } from '../../../sync-server/auth/keys.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'foyer-keys-'))
})
afterEach(async () => rm(folder, { recursive: true }))

describe('the file with the keys of the server', () => {
  test('is made once, for its owner alone, and read from then on', async () => {
    const file = join(folder, 'keys.json')

    const first = await loadOrCreateKeys(file)
    const second = await loadOrCreateKeys(file)

    expect(second.lease.publicJwk).toEqual(first.lease.publicJwk)
    expect((await stat(file)).mode & 0o777).toBe(0o600)
    expect(await readdir(folder)).toEqual(['keys.json'])
  })

  test('is the same for ten programs that make it at the same moment', async () => {
    const file = join(folder, 'keys.json')

    const all = await Promise.all(Array.from({ length: 10 }, async () => loadOrCreateKeys(file)))

    expect(new Set(all.map(({ token }) => token.publicJwk.x)).size).toBe(1)
    expect(await readdir(folder)).toEqual(['keys.json'])
  })

  test.each(['', '{}', '{"token":{}}', 'nonsense', '[]'])(
    'that holds %o is named, and never written over',
    async (text) => {
      const file = join(folder, 'keys.json')
      await writeFile(file, text)

      await expect(loadOrCreateKeys(file)).rejects.toThrow(/^FOYER_KEYS_FILE is ".*", but expects a file with the keys/)
      expect(await readFile(file, 'utf8')).toBe(text)
    },
  )

  test('in a folder that is not there is named', async () => {
    await expect(loadOrCreateKeys(join(folder, 'nowhere', 'keys.json'))).rejects.toThrow(
      /FOYER_KEYS_FILE .* \(ENOENT\)/,
    )
  })

  test('gives devices public keys only, three different ones', async () => {
    const { token, lease, recovery } = await loadOrCreateKeys(join(folder, 'keys.json'))

    const publicJwks = [token, lease, recovery].map(({ publicJwk }) => publicJwk)

    expect(publicJwks.every((jwk) => !('d' in jwk))).toBe(true)
    expect(new Set(publicJwks.map(({ kid }) => kid)).size).toBe(3)
  })
})

test('keys from the environment that are of the wrong kind are named, not printed', async () => {
  const wrong = '{"kty":"OKP","crv":"Ed25519","x":"hunter2","d":"hunter2"}'
  const source = { kind: 'jwks', token: wrong, lease: wrong, recovery: wrong } as const

  const failure = loadKeys(source)

  await expect(failure).rejects.toThrow(/^FOYER_TOKEN_KEY is set \(not shown\), but expects an Ed25519 private key/)
  await expect(failure).rejects.not.toThrow(/hunter2/)
})
