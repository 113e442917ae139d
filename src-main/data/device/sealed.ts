import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { hashRaw } from '@node-rs/argon2'

/** AES-256-GCM: nonce (12), tag (16), ciphertext, base64url. */
export type Sealed = string

const nonceBytes = 12
const tagBytes = 16

export const seal = (key: Uint8Array, plain: Uint8Array): Sealed => {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  const body = Buffer.concat([cipher.update(plain), cipher.final()])
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString('base64url')
}

/** Undefined when the key is not the one it was sealed with, or nothing was. */
export const unseal = (key: Uint8Array, sealed: Sealed): Uint8Array | undefined => {
  const bytes = Buffer.from(sealed, 'base64url')
  try {
    const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, nonceBytes))
    decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes))
    return Buffer.concat([decipher.update(bytes.subarray(nonceBytes + tagBytes)), decipher.final()])
  } catch {
    return undefined
  }
}

/** What argon2id costs: 64 MiB, three passes (reference/SECURITY.md §3). Kept beside each wrap, so it can grow. */
export interface PasswordCost {
  readonly memoryKib: number
  readonly passes: number
}

export const standardCost: PasswordCost = { memoryKib: 65_536, passes: 3 }

/**
 * The key that wraps the data key for one person: their password and this computer's secret, so that neither alone opens
 * anything (wrap W1).
 */
export const passwordKey = async (
  password: string,
  salt: Uint8Array,
  cost: PasswordCost,
  deviceSecret: Uint8Array,
): Promise<Uint8Array> => {
  const stretched = await hashRaw(password.normalize('NFC'), {
    memoryCost: cost.memoryKib,
    timeCost: cost.passes,
    parallelism: 1,
    outputLen: 32,
    salt,
  })
  return new Uint8Array(hkdfSync('sha256', stretched, deviceSecret, 'foyer data key', 32))
}

/** A key for what this computer alone must open, such as its private key. */
export const deviceSealKey = (deviceSecret: Uint8Array): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', deviceSecret, new Uint8Array(), 'foyer device key', 32))
