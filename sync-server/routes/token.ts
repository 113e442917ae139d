import { tokenRequest, tokenResponse } from '../../src-shared/contract/http.ts'
import { claimedDevice, verifyAssertion } from '../auth/assertion.ts'
import { isNews, readDeviceKey } from '../auth/devices.ts'
import { reinstateDevice } from '../auth/enroll.ts'
import { signToken, verifyCertificate } from '../auth/tokens.ts'
import { json } from './answer.ts'
import { defineRoute } from './route.ts'
import type { Services } from './services.ts'

export const tokenRoute = ({ db, keys, now }: Services) =>
  defineRoute({
    method: 'POST',
    path: '/v1/token',
    summary:
      'Get an access token for ten minutes, by an assertion that the device has signed; also when it was revoked',
    auth: 'none',
    isLimitedByAddress: true,
    input: tokenRequest,
    output: tokenResponse,
    handle: async ({ assertion, certificate }, { log }) => {
      const deviceId = claimedDevice(assertion)
      const enrolled = certificate === undefined ? undefined : await verifyCertificate(keys.token, certificate, now())
      if (enrolled?.deviceId === deviceId && (await isNews(db, enrolled))) {
        await verifyAssertion(assertion, enrolled.publicKey, now())
        await reinstateDevice(db, enrolled)
        log.warn({ device_id: deviceId, facility_id: enrolled.facilityId }, 'device enrolled again by its certificate')
      }
      const { publicKey, facilityId, organizationId } = await readDeviceKey(db, deviceId)
      await verifyAssertion(assertion, publicKey, now())
      const { token, expiresAt } = await signToken(keys.token, { deviceId, facilityId, organizationId }, now())
      return json({ token, expires_at: expiresAt })
    },
  })
