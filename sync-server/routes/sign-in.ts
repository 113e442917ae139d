import { DomainError } from '../../src-shared/errors.ts'
import { type SignInResponse, signInRequest, signInResponse } from '../../src-shared/contract/http.ts'
import { unsealDataKey } from '../auth/recovery.ts'
import { normalizeSignInName } from '../../src-shared/sign-in-name.ts'
import { signIn } from '../auth/sign-in.ts'
import { signLease } from '../auth/tokens.ts'
import { json } from './answer.ts'
import { defineRoute } from './route.ts'
import type { Services } from './services.ts'

export const signInRoute = ({ config, db, keys, now, attempts }: Services) =>
  defineRoute({
    method: 'POST',
    path: '/v1/sign-in',
    summary: 'Sign a staff member in at this device; the lease lets them work offline',
    auth: 'device',
    isLimitedByAddress: true,
    input: signInRequest,
    output: signInResponse,
    handle: async ({ sign_in_name, password, recovery }, { log }, device) => {
      const name = normalizeSignInName(sign_in_name)
      // Of this device, so that nobody can lock a colleague out of the others.
      const tries = [`${device.id}:${name}`]
      attempts.passwords.check(tries)
      // Counted before it is known to be wrong, or a burst of tries would all come before the first was counted.
      attempts.passwords.fail(tries)
      const request = { signInName: name, password, leaseDays: config.leaseDays, leaseKey: keys.lease, nowMs: now() }
      const { staff, lease } = await signIn(db, device, request).catch((error: unknown) => {
        // That the database was away says nothing of the password.
        if (!(error instanceof DomainError)) attempts.passwords.takeBack(tries)
        throw error
      })
      attempts.passwords.succeed(tries)
      const dataKey = recovery === null ? null : await unsealDataKey(keys.recovery, recovery, device.facilityId)
      log.info({ device_id: device.id, staff_id: staff.id }, 'signed in')
      const answer: SignInResponse = {
        staff,
        lease: await signLease(keys.lease, lease, now()),
        lease_id: lease.id,
        lease_not_after: lease.notAfter,
        data_key: dataKey,
      }
      return json(answer)
    },
  })
