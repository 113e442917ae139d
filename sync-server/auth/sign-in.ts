import { hash, verify } from '@node-rs/argon2'
import { DomainError } from '../../src-shared/errors.ts'
import { normalizeSignInName } from '../../src-shared/sign-in-name.ts'
import { permissionsOf } from '../../src-shared/rules/access.ts'
import { inRole } from '../db/postgres.ts'
import { asShared, type Db } from '../db/tx.ts'
import type { Device } from './devices.ts'
import type { ServerKey } from './keys.ts'
import { newLeaseId } from './lease-id.ts'
import type { Lease } from './tokens.ts'

export interface SignedIn {
  readonly staff: { readonly id: string; readonly first_name: string; readonly last_name: string }
  readonly lease: Lease
}

const dayMs = 24 * 60 * 60 * 1000

/** OWASP's second choice for argon2id: 19 MiB, two passes; what the stored hashes are made with. */
const cost = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const

/** What the password of an unknown name is compared with, so that it takes as long. Of a password that was thrown away. */
const hashOfNobody = '$argon2id$v=19$m=19456,t=2,p=1$SLXCtfsTnwW3ogpu5q+t3Q$AyCX6ztMJm26UWHemFrK61/yoInbDnoPyLIk5IhhQyU'

/** Makes the hash to keep for a password: argon2id in PHC form. */
export const hashPassword = async (password: string): Promise<string> => hash(password.normalize('NFC'), cost)

export interface PasswordSignIn {
  readonly signInName: string
  readonly password: string
  readonly leaseDays: number
  readonly leaseKey: ServerKey
  readonly nowMs: number
}

/**
 * Checks name and password and gives a lease for this device. An unknown name takes as long as a wrong password.
 * Throws `wrong_password`, or `forbidden` for staff who have no role at this facility.
 */
export const signIn = async (
  db: Db,
  device: Device,
  { signInName, password, leaseDays, leaseKey, nowMs }: PasswordSignIn,
): Promise<SignedIn> => {
  const found = await findStaff(db, device, normalizeSignInName(signInName))
  const isRight = await verify(found?.password_hash ?? hashOfNobody, password.normalize('NFC'))
  if (!found || !isRight) throw new DomainError('wrong_password', 'The name or the password is wrong.')
  const granted = await inRole(db, scopeOf(device), async (tx) =>
    permissionsOf(asShared(tx), found.id, device.facilityId),
  )
  if (granted.size === 0) throw new DomainError('forbidden', 'You have no role at this facility.')
  const holder = { staffId: found.id, deviceId: device.id, facilityId: device.facilityId }
  // Whole seconds: the `exp` of the signed lease has no more.
  const notAfter = new Date(Math.floor((nowMs + leaseDays * dayMs) / 1000) * 1000).toISOString()
  const lease: Lease = { id: await newLeaseId(leaseKey, holder, notAfter), ...holder, notAfter }
  await keepLease(db, device, lease, nowMs)
  return { staff: { id: found.id, first_name: found.first_name, last_name: found.last_name }, lease }
}

const scopeOf = ({ facilityId, organizationId }: Device) =>
  ({ role: 'foyer_auth', facilityId, organizationId }) as const

const findStaff = async (db: Db, device: Device, signInName: string) =>
  inRole(db, scopeOf(device), (tx) =>
    tx
      .selectFrom('staff_credentials as credential')
      .innerJoin('staff', 'staff.id', 'credential.id')
      .select(['staff.id', 'staff.first_name', 'staff.last_name', 'credential.password_hash'])
      .where('credential.organization_id', '=', device.organizationId)
      .where('credential.sign_in_name', '=', signInName)
      .where('staff.archived_at', 'is', null)
      .executeTakeFirst(),
  )

const keepLease = async (db: Db, device: Device, lease: Lease, nowMs: number): Promise<void> => {
  await inRole(db, scopeOf(device), (tx) =>
    tx
      .insertInto('leases')
      .values({
        id: lease.id,
        facility_id: lease.facilityId,
        staff_id: lease.staffId,
        device_id: lease.deviceId,
        issued_at: new Date(nowMs).toISOString(),
        not_after: lease.notAfter,
      })
      .execute(),
  )
}
