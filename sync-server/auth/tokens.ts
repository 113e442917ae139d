import { errors, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import { DomainError } from '../../src-shared/errors.ts'
import type { Audience } from '../../src-shared/schema/table.ts'
import type { ServerKey } from './keys.ts'

const issuer = 'foyer-server'
const audience = 'foyer'

/** How long an access token holds. */
const tokenMinutes = 10

/** Who a request comes from, as its access token says. The device is looked up all the same: it may be revoked. */
export interface TokenClaims {
  readonly deviceId: string
  readonly facilityId: string
  readonly organizationId: string
}

/** `nowMs` is the server's clock. */
export const signToken = async (
  key: ServerKey,
  { deviceId, facilityId, organizationId }: TokenClaims,
  nowMs: number,
): Promise<{ readonly token: string; readonly expiresAt: string }> => {
  const expires = Math.floor(nowMs / 1000) + tokenMinutes * 60
  const token = await new SignJWT({ fac: facilityId, org: organizationId })
    .setProtectedHeader({ alg: 'EdDSA', kid: key.publicJwk.kid ?? '', typ: 'at+jwt' })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(deviceId)
    .setIssuedAt(Math.floor(nowMs / 1000))
    .setExpirationTime(expires)
    .sign(key.privateKey)
  return { token, expiresAt: new Date(expires * 1000).toISOString() }
}

const tokenClaims = z.object({ sub: z.uuid(), fac: z.uuid(), org: z.uuid(), exp: z.number() })

/** Checks access tokens at the server's time. Throws `unauthenticated`. */
export type TokenVerifier = (token: string, nowMs: number) => Promise<TokenClaims>

/** A device shows the same token for ten minutes; some ten megabytes of them. */
const mostKnownTokens = 10_000

/** Checks a signature once, not with every request. */
export const tokenVerifier = (key: ServerKey): TokenVerifier => {
  /** With the end of each, epoch milliseconds; the oldest first. */
  const known = new Map<string, TokenClaims & { readonly endsAt: number }>()
  return async (token, nowMs) => {
    const seen = known.get(token)
    if (seen && nowMs < seen.endsAt) return seen
    known.delete(token)
    const claims = await verifyToken(key, token, nowMs)
    known.set(token, claims)
    const [oldest] = known.keys()
    if (known.size > mostKnownTokens && oldest !== undefined) known.delete(oldest)
    return claims
  }
}

const verifyToken = async (
  key: ServerKey,
  token: string,
  nowMs: number,
): Promise<TokenClaims & { readonly endsAt: number }> => {
  const claims = await verified(tokenClaims, async () => {
    const { payload } = await jwtVerify(token, key.publicKey, {
      algorithms: ['EdDSA'],
      typ: 'at+jwt',
      issuer,
      audience,
      currentDate: new Date(nowMs),
    })
    return payload
  })
  if (!claims) throw new DomainError('unauthenticated', 'The access token is wrong or over: get a new one.')
  return { deviceId: claims.sub, facilityId: claims.fac, organizationId: claims.org, endsAt: claims.exp * 1000 }
}

/** What an enrollment was, as its certificate says: enough to make its rows again. */
export interface Enrolled extends TokenClaims {
  readonly name: string
  readonly audience: Audience
  readonly till: { readonly id: string; readonly code: string }
  /** Ed25519. */
  readonly publicKey: { readonly kty: string; readonly crv: string; readonly x: string }
}

const deviceAudience = 'foyer-enrollment'

/** An enrollment that its certificate proves. */
export interface Certified extends Enrolled {
  readonly enrolledAtMs: number
}

/** Has no end: it says what was. A revocation is a row, and is looked at before. */
export const signCertificate = async (key: ServerKey, enrolled: Enrolled, nowMs: number): Promise<string> => {
  const { deviceId, facilityId, organizationId, name, audience: of, till, publicKey } = enrolled
  return new SignJWT({ fac: facilityId, org: organizationId, name, of, till, cnf: { jwk: publicKey } })
    .setProtectedHeader({ alg: 'EdDSA', kid: key.publicJwk.kid ?? '', typ: 'enrollment+jwt' })
    .setIssuer(issuer)
    .setAudience(deviceAudience)
    .setSubject(deviceId)
    .setIssuedAt(Math.floor(nowMs / 1000))
    .sign(key.privateKey)
}

const certificateClaims = tokenClaims.omit({ exp: true }).extend({
  iat: z.number(),
  name: z.string(),
  of: z.enum(['desk', 'office']),
  till: z.object({ id: z.uuid(), code: z.string() }),
  cnf: z.object({ jwk: z.object({ kty: z.string(), crv: z.string(), x: z.string() }) }),
})

/** Throws `unauthenticated`. */
export const verifyCertificate = async (key: ServerKey, certificate: string, nowMs: number): Promise<Certified> => {
  const claims = await verified(certificateClaims, async () => {
    const { payload } = await jwtVerify(certificate, key.publicKey, {
      algorithms: ['EdDSA'],
      typ: 'enrollment+jwt',
      issuer,
      audience: deviceAudience,
      currentDate: new Date(nowMs),
    })
    return payload
  })
  if (!claims) throw new DomainError('unauthenticated', 'This device is not known here: enroll it.')
  const { sub, fac, org, iat, name, of, till, cnf } = claims
  const scope = { deviceId: sub, facilityId: fac, organizationId: org }
  return { ...scope, name, audience: of, till, publicKey: cnf.jwk, enrolledAtMs: iat * 1000 }
}

/** The right of a staff member to work offline at one device. */
export interface Lease {
  readonly id: string
  readonly staffId: string
  readonly deviceId: string
  readonly facilityId: string
  /** UTC, whole seconds. */
  readonly notAfter: string
}

export const signLease = async (key: ServerKey, lease: Lease, nowMs: number): Promise<string> =>
  new SignJWT({ dev: lease.deviceId, fac: lease.facilityId })
    .setProtectedHeader({ alg: 'EdDSA', kid: key.publicJwk.kid ?? '', typ: 'lease+jwt' })
    .setIssuer(issuer)
    .setSubject(lease.staffId)
    .setJti(lease.id)
    .setIssuedAt(Math.floor(nowMs / 1000))
    .setExpirationTime(Math.floor(Date.parse(lease.notAfter) / 1000))
    .sign(key.privateKey)

const leaseClaims = z.object({ sub: z.uuid(), jti: z.uuid(), dev: z.uuid(), fac: z.uuid() })

/** Who signed in at this device. Throws `lease_invalid` when it is wrong, over, or of another device. */
export const verifyLease = async (
  key: ServerKey,
  lease: string,
  { deviceId, facilityId, nowMs }: { readonly deviceId: string; readonly facilityId: string; readonly nowMs: number },
): Promise<{ readonly staffId: string; readonly leaseId: string }> => {
  const claims = await verified(leaseClaims, async () => {
    const { payload } = await jwtVerify(lease, key.publicKey, {
      algorithms: ['EdDSA'],
      typ: 'lease+jwt',
      issuer,
      currentDate: new Date(nowMs),
    })
    return payload
  })
  if (!claims || claims.dev !== deviceId || claims.fac !== facilityId) {
    throw new DomainError('lease_invalid', 'This sign-in does not hold here or is over: sign in again.')
  }
  return { staffId: claims.sub, leaseId: claims.jti }
}

/** The claims, or undefined when the signature, the times or the form are wrong. Faults of ours still throw. */
const verified = async <T>(form: z.ZodType<T>, verify: () => Promise<unknown>): Promise<T | undefined> => {
  try {
    return form.safeParse(await verify()).data
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined
    throw error
  }
}
