import { SignJWT } from 'jose'
import {
  releaseAudience,
  releaseRequest,
  type ReleaseResponse,
  releaseResponse,
  releaseType,
} from '../../src-shared/contract/release.ts'
import { inRole } from '../db/postgres.ts'
import { scopeOf } from '../mutations/together.ts'
import { takeTurn } from '../mutations/turn.ts'
import { json } from './answer.ts'
import { defineRoute } from './route.ts'
import type { Services } from './services.ts'

/** What a device destroys on is signed: nobody on the way can say it, nor say it again (SPEC U7). */
export const releaseRoute = ({ db, keys, now }: Services) =>
  defineRoute({
    method: 'POST',
    path: '/v1/devices/release',
    summary: 'Let a revoked device destroy its data, when all of its work is here',
    auth: 'device',
    isForRevoked: true,
    input: releaseRequest,
    output: releaseResponse,
    handle: async ({ up_to, nonce }, { log }, device) => {
      const { lastSeq, isRevoked } = await inRole(db, scopeOf(device), (tx) => takeTurn(tx, device))
      if (!isRevoked) return json({ state: 'kept' } satisfies ReleaseResponse)
      if (lastSeq < up_to) return json({ state: 'missing' } satisfies ReleaseResponse)
      const release = await new SignJWT({ nonce, up_to })
        .setProtectedHeader({ alg: 'EdDSA', kid: keys.lease.publicJwk.kid ?? '', typ: releaseType })
        .setAudience(releaseAudience)
        .setSubject(device.id)
        .setIssuedAt(Math.floor(now() / 1000))
        .sign(keys.lease.privateKey)
      log.warn({ device_id: device.id, up_to }, 'revoked device may destroy its data')
      return json({ state: 'released', release } satisfies ReleaseResponse)
    },
  })
