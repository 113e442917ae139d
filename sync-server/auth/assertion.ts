import { decodeJwt, errors, importJWK, jwtVerify, type JWK } from 'jose'
import { z } from 'zod'
import { DomainError, type ErrorDetails } from '../../src-shared/errors.ts'

/** How far the assertion's `iat` may be from the server's clock, both ways. */
const maxSkewSeconds = 60

const assertionClaims = z.object({ iss: z.uuid(), jti: z.string().min(1).max(100), iat: z.number().int() })

const refused = (details: ErrorDetails = {}): DomainError =>
  new DomainError('unauthenticated', 'The device could not prove who it is: enroll it again if this goes on.', details)

/** The device that an assertion claims to come from, before anything is proven. Throws `unauthenticated`. */
export const claimedDevice = (assertion: string): string => {
  try {
    return assertionClaims.parse(decodeJwt(assertion)).iss
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof z.ZodError) throw refused()
    throw error
  }
}

/**
 * Checks that the device's own key signed the assertion, now. A wrong clock of the device must not lock it out
 * (FAULTS T4): the refusal carries `reason: clock` and `server_time`, and the device signs again with that time as
 * `iat`. Nothing is lost by this, since only the holder of the key can sign; `iat` is there so that an overheard
 * assertion is soon worthless. Throws `unauthenticated`; by another key the device may be as unknown as by no key.
 */
export const verifyAssertion = async (assertion: string, publicKey: JWK, nowMs: number): Promise<void> => {
  const iat = await signedIat(assertion, publicKey)
  if (Math.abs(nowMs / 1000 - iat) <= maxSkewSeconds) return
  throw new DomainError('unauthenticated', 'The clock of this computer is wrong.', {
    reason: 'clock',
    server_time: new Date(nowMs).toISOString(),
  })
}

const signedIat = async (assertion: string, publicKey: JWK): Promise<number> => {
  try {
    const key = await importJWK(publicKey, 'EdDSA')
    const { payload } = await jwtVerify(assertion, key, {
      algorithms: ['EdDSA'],
      audience: 'foyer',
      // Only `iat` counts, and it is judged above: `exp` and `nbf` come from a clock that may be wrong.
      currentDate: new Date((decodeJwt(assertion).iat ?? 0) * 1000),
    })
    return assertionClaims.parse(payload).iat
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) throw refused({ reason: 'unknown_device' })
    if (error instanceof errors.JOSEError || error instanceof z.ZodError) throw refused()
    throw error
  }
}
