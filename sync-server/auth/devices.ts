import type { JWK } from 'jose'
import { sql } from 'kysely'
import { z } from 'zod'
import { DomainError } from '../../src-shared/errors.ts'
import type { Audience } from '../../src-shared/schema/table.ts'
import { readInRole } from '../db/postgres.ts'
import type { Db } from '../db/tx.ts'
import { gathered } from '../gathered.ts'
import type { Certified, TokenClaims } from './tokens.ts'

/** The enrolled computer that a request comes from. */
export interface Device {
  readonly id: string
  readonly facilityId: string
  readonly organizationId: string
  readonly audience: Audience
  readonly till: { readonly id: string; readonly code: string }
}

export const unknownDevice = (): DomainError =>
  new DomainError('unauthenticated', 'This device is not known here: enroll it.', { reason: 'unknown_device' })

export const revokedDevice = (): DomainError => new DomainError('device_revoked', 'An admin has revoked this device.')

export interface DeviceReader {
  /** Reads a device afresh, so that a revocation holds at once. Throws `unauthenticated` or `device_revoked`. */
  readonly read: (claims: TokenClaims) => Promise<Device>
  /** The same, also of a device that is revoked. Throws `unauthenticated`. */
  readonly readAny: (claims: TokenClaims) => Promise<Device>
  /** As it was when it was last read: for requests that are checked afresh before anything is given or kept. */
  readonly remembered: (claims: TokenClaims) => Device | undefined
}

/** Some megabytes of them. */
const mostRemembered = 10_000

export const createDeviceReader = (db: Db): DeviceReader => {
  const find = gathered((ids: readonly string[]) => findDevices(db, ids))
  /** The oldest first. */
  const known = new Map<string, DeviceRow>()
  const remember = (deviceId: string, row: DeviceRow | undefined): void => {
    known.delete(deviceId)
    if (row?.revoked_at === null) known.set(deviceId, row)
    const [oldest] = known.keys()
    if (known.size > mostRemembered && oldest !== undefined) known.delete(oldest)
  }
  const readRow = async (claims: TokenClaims): Promise<DeviceRow> => {
    const row = await find(claims.deviceId)
    remember(claims.deviceId, row)
    if (row?.facility_id !== claims.facilityId) throw unknownDevice()
    return row
  }
  return {
    read: async (claims) => {
      const row = await readRow(claims)
      if (row.revoked_at !== null) throw revokedDevice()
      return toDevice(claims, row)
    },
    readAny: async (claims) => toDevice(claims, await readRow(claims)),
    remembered: (claims) => {
      const row = known.get(claims.deviceId)
      return row?.facility_id === claims.facilityId ? toDevice(claims, row) : undefined
    },
  }
}

/** Without the facility: whose token it is was signed by us, and `toDevice` compares. */
const findDevices = async (db: Db, ids: readonly string[]) => {
  const rows = await readInRole(db, { role: 'foyer_auth' }, (tx) =>
    tx
      .selectFrom('devices')
      .innerJoin('tills', 'tills.device_id', 'devices.id')
      .select(['devices.id', 'devices.facility_id', 'devices.audience', 'devices.revoked_at'])
      .select(['tills.id as till_id', 'tills.code as till_code'])
      .where('devices.id', '=', sql<string>`any(${[...ids]}::uuid[])`)
      .execute(),
  )
  return new Map(rows.map((row) => [row.id, row]))
}

type DeviceRow = Awaited<ReturnType<typeof findDevices>> extends Map<string, infer R> ? R : never

const toDevice = ({ deviceId, facilityId, organizationId }: TokenClaims, row: DeviceRow): Device => ({
  id: deviceId,
  facilityId,
  organizationId,
  audience: row.audience,
  till: { id: row.till_id, code: row.till_code },
})

const storedKey = z.object({ kty: z.string(), crv: z.string(), x: z.string() })

/** What is needed before a device has proven who it is. Throws `unauthenticated`. */
export const readDeviceKey = async (
  db: Db,
  deviceId: string,
): Promise<{ readonly publicKey: JWK; readonly facilityId: string; readonly organizationId: string }> => {
  const row = await readInRole(db, { role: 'foyer_auth' }, (tx) =>
    tx
      .selectFrom('device_keys')
      .innerJoin('facilities', 'facilities.id', 'device_keys.facility_id')
      .select(['device_keys.public_key', 'device_keys.facility_id', 'facilities.organization_id'])
      .where('device_keys.id', '=', deviceId)
      .executeTakeFirst(),
  )
  if (!row) throw unknownDevice()
  return {
    publicKey: storedKey.parse(JSON.parse(row.public_key)),
    facilityId: row.facility_id,
    organizationId: row.organization_id,
  }
}

/** Whether a certificate tells of a device, revoked or not, or of a key of it, that is not known here. */
export const isNews = async (db: Db, { deviceId, enrolledAtMs }: Certified): Promise<boolean> => {
  const row = await readInRole(db, { role: 'foyer_auth' }, (tx) =>
    tx.selectFrom('device_keys').select('since').where('id', '=', deviceId).executeTakeFirst(),
  )
  return row === undefined || Date.parse(row.since) < enrolledAtMs
}
