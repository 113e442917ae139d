import { randomBytes } from 'node:crypto'
import { link, open, readFile, rm } from 'node:fs/promises'
import { calculateJwkThumbprint, type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import { z } from 'zod'
import { ConfigError, type KeySource } from '../config.ts'

export interface ServerKey {
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
  /** With `kid` and `alg`: what devices get. */
  readonly publicJwk: JWK
}

/** The keys of the server, one for each duty, so that none can do the work of another. */
export interface ServerKeys {
  /** Ed25519: access tokens of devices. */
  readonly token: ServerKey
  /** Ed25519: leases of staff. */
  readonly lease: ServerKey
  /** ECDH-ES on P-256: opens the data keys that devices sealed (wrap W3 of reference/SECURITY.md §3). */
  readonly recovery: ServerKey
}

const privateJwk = z.object({
  kty: z.string(),
  crv: z.string(),
  x: z.string(),
  y: z.string().optional(),
  d: z.string(),
  kid: z.string().optional(),
})
const keyJwks = z.object({ token: privateJwk, lease: privateJwk, recovery: privateJwk })
type KeyJwks = z.infer<typeof keyJwks>
type PrivateJwk = z.infer<typeof privateJwk>

/** The keys that the configuration names; a file that is not there yet is made. */
export const loadKeys = async (source: KeySource): Promise<ServerKeys> =>
  source.kind === 'file' ? loadOrCreateKeys(source.file) : fromEnvironment(source)

/** Reads the keys from a file that only its owner may read, and makes them the first time. */
export const loadOrCreateKeys = async (file: string): Promise<ServerKeys> => {
  try {
    const text = (await readIfThere(file)) ?? (await createFile(file))
    return await importKeys(keyJwks.parse(JSON.parse(text)))
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'it does not hold our three keys'
    throw new ConfigError([`FOYER_KEYS_FILE is ${JSON.stringify(file)}, but expects a file with the keys (${reason}).`])
  }
}

/** New keys, kept nowhere. */
export const createKeys = async (): Promise<ServerKeys> => importKeys(await createJwks())

const fromEnvironment = async (source: Extract<KeySource, { kind: 'jwks' }>): Promise<ServerKeys> => ({
  token: await readVariable('FOYER_TOKEN_KEY', source.token, 'EdDSA'),
  lease: await readVariable('FOYER_LEASE_KEY', source.lease, 'EdDSA'),
  recovery: await readVariable('FOYER_RECOVERY_KEY', source.recovery, 'ECDH-ES'),
})

const readVariable = async (name: string, text: string, alg: 'EdDSA' | 'ECDH-ES'): Promise<ServerKey> => {
  try {
    return await importKey(privateJwk.parse(JSON.parse(text)), alg)
  } catch {
    const kind = alg === 'EdDSA' ? 'an Ed25519' : 'a P-256 or X25519'
    throw new ConfigError([`${name} is set (not shown), but expects ${kind} private key as JWK.`])
  }
}

const importKeys = async ({ token, lease, recovery }: KeyJwks): Promise<ServerKeys> => ({
  token: await importKey(token, 'EdDSA'),
  lease: await importKey(lease, 'EdDSA'),
  recovery: await importKey(recovery, 'ECDH-ES'),
})

const importKey = async (jwk: PrivateJwk, alg: string): Promise<ServerKey> => {
  const { kty, crv, x, y } = jwk
  const kid = jwk.kid ?? (await calculateJwkThumbprint(jwk))
  const publicJwk: JWK = { kty, crv, x, ...(y && { y }), kid, alg }
  return {
    privateKey: await importAsymmetric(jwk, alg),
    publicKey: await importAsymmetric(publicJwk, alg),
    publicJwk,
  }
}

const importAsymmetric = async (jwk: JWK, alg: string): Promise<CryptoKey> => {
  const key = await importJWK(jwk, alg)
  if (key instanceof Uint8Array) throw new TypeError(`A key for ${alg} cannot be a shared secret.`)
  return key
}

const createJwks = async (): Promise<KeyJwks> => ({
  token: await createJwk('EdDSA', 'Ed25519'),
  lease: await createJwk('EdDSA', 'Ed25519'),
  recovery: await createJwk('ECDH-ES', 'P-256'),
})

const createJwk = async (alg: string, crv: string): Promise<PrivateJwk> => {
  const { privateKey } = await generateKeyPair(alg, { crv, extractable: true })
  return privateJwk.parse(await exportJWK(privateKey))
}

const readIfThere = async (file: string): Promise<string | undefined> => {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/** Made under another name and linked, so that it is whole whenever we are killed, and the first of two makers wins. */
const createFile = async (file: string): Promise<string> => {
  const unfinished = `${file}.new-${randomBytes(6).toString('hex')}`
  const text = JSON.stringify(await createJwks(), undefined, 2)
  const handle = await open(unfinished, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
    await link(unfinished, file)
    return text
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
    return await readFile(file, 'utf8')
  } finally {
    await handle.close()
    await rm(unfinished, { force: true })
  }
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code
