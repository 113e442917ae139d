import { compactDecrypt, errors } from 'jose'
import { DomainError } from '../../src-shared/errors.ts'
import type { ServerKey } from './keys.ts'

/** A data key is 32 bytes. */
const keyBytes = 32

/**
 * Opens the data key that a device sealed to the recovery key (wrap W3). Its protected header names the facility
 * (`fac`): a sealed key that was carried to a device of another facility is not opened. Throws `invalid_input`.
 * Answers the data key as base64url.
 */
export const unsealDataKey = async (key: ServerKey, sealed: string, facilityId: string): Promise<string> => {
  const opened = await open(key, sealed)
  if (!opened || opened.facilityId !== facilityId || opened.bytes.length !== keyBytes) {
    throw new DomainError('invalid_input', 'This sealed data key was not made for this server and facility.', {
      path: 'recovery',
    })
  }
  return Buffer.from(opened.bytes).toString('base64url')
}

const open = async (
  key: ServerKey,
  sealed: string,
): Promise<{ readonly bytes: Uint8Array; readonly facilityId: unknown } | undefined> => {
  try {
    const { plaintext, protectedHeader } = await compactDecrypt(sealed, key.privateKey, {
      keyManagementAlgorithms: ['ECDH-ES', 'ECDH-ES+A256KW'],
      contentEncryptionAlgorithms: ['A256GCM'],
    })
    return { bytes: plaintext, facilityId: protectedHeader['fac'] }
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError || isBadKey(error)) return undefined
    throw error
  }
}

/** WebCrypto's refusal of a point that is not on the curve. */
const isBadKey = (error: unknown): boolean => error instanceof DOMException
