import {
  deviceCodeRequest,
  deviceCodeResponse,
  type EnrollResponse,
  enrollRequest,
  enrollResponse,
} from '../../src-shared/contract/http.ts'
import { DomainError } from '../../src-shared/errors.ts'
import { permissionsOf, requirePermission } from '../../src-shared/rules/access.ts'
import { createDeviceCode } from '../auth/codes.ts'
import { enrollDevice } from '../auth/enroll.ts'
import { signCertificate, verifyLease } from '../auth/tokens.ts'
import { inRole } from '../db/postgres.ts'
import { asShared } from '../db/tx.ts'
import { json } from './answer.ts'
import { defineRoute } from './route.ts'
import type { Services } from './services.ts'

/** How long a code may be used. */
const codeMinutes = 10

export const enrollRoute = ({ db, keys, now, attempts }: Services) =>
  defineRoute({
    method: 'POST',
    path: '/v1/devices/enroll',
    summary: 'Enroll a device with a one-time code, or give one a new key that has lost its own',
    auth: 'none',
    isLimitedByAddress: true,
    input: enrollRequest,
    output: enrollResponse,
    handle: async ({ code, name, public_key, device_id }, { client, log }) => {
      attempts.codes.check([client])
      const nowMs = now()
      try {
        const device = await enrollDevice(db, { code, name, publicKey: public_key, deviceId: device_id }, nowMs)
        const what = device_id === undefined ? 'device enrolled' : 'device has a new key'
        log.info({ device_id: device.id, facility_id: device.facilityId }, what)
        const { id: deviceId, facilityId, organizationId, audience, till } = device
        const enrolled = { deviceId, facilityId, organizationId, name, audience, till, publicKey: public_key }
        const answer: EnrollResponse = {
          device_id: device.id,
          facility_id: device.facilityId,
          facility_name: device.facilityName,
          audience: device.audience,
          till: device.till,
          lease_key: { ...keys.lease.publicJwk },
          recovery_key: { ...keys.recovery.publicJwk },
          certificate: await signCertificate(keys.token, enrolled, nowMs),
        }
        return json(answer)
      } catch (error) {
        if (error instanceof DomainError && error.code === 'code_invalid') attempts.codes.fail([client])
        throw error
      }
    },
  })

export const deviceCodeRoute = ({ db, keys, now }: Services) =>
  defineRoute({
    method: 'POST',
    path: '/v1/device-codes',
    summary: 'Make a one-time code that enrolls another device at this facility',
    auth: 'device',
    input: deviceCodeRequest,
    output: deviceCodeResponse,
    handle: async ({ lease, audience }, { log }, device) => {
      const { facilityId, organizationId } = device
      const { staffId } = await verifyLease(keys.lease, lease, { deviceId: device.id, facilityId, nowMs: now() })
      const scope = { role: 'foyer_auth', facilityId, organizationId } as const
      const granted = await inRole(db, scope, async (tx) => permissionsOf(asShared(tx), staffId, facilityId))
      requirePermission(granted, 'devices.enroll')
      const request = { facilityId, audience, createdBy: staffId, minutes: codeMinutes }
      const { code, expiresAt } = await createDeviceCode(db, request, now())
      log.info({ device_id: device.id, staff_id: staffId }, 'device code made')
      return json({ code, expires_at: expiresAt })
    },
  })
