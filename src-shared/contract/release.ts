import { z } from 'zod'
import { sharedText } from '../schema/columns.ts'

/** A device that was told that it is revoked asks whether it may destroy what it has; `up_to` is the last number that was answered. */
export const releaseRequest = z.strictObject({ up_to: z.int().min(0), nonce: sharedText(100).min(16) })

export const releaseResponse = z.discriminatedUnion('state', [
  /** `release` is a JWT, signed with the key of leases: {aud, sub: device id, nonce, up_to, iat}. */
  z.object({ state: z.literal('released'), release: sharedText(4000) }),
  /** It is not revoked (any more). */
  z.object({ state: z.literal('kept') }),
  /** The server does not have all of that: it was set back since. */
  z.object({ state: z.literal('missing') }),
])
export type ReleaseResponse = z.infer<typeof releaseResponse>

export const releaseAudience = 'foyer-release'
export const releaseType = 'release+jwt'
