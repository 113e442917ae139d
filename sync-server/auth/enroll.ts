import { randomUUID } from 'node:crypto'
import { importJWK } from 'jose'
import { sql } from 'kysely'
import { DomainError } from '../../src-shared/errors.ts'
import type { Audience } from '../../src-shared/schema/table.ts'
import { inRole } from '../db/postgres.ts'
import type { Db, Tx } from '../db/tx.ts'
import { hashCode } from './codes.ts'
import { unknownDevice } from './devices.ts'
import type { Certified, Enrolled } from './tokens.ts'

export interface NewDevice {
  readonly code: string
  readonly name: string
  /** Ed25519 as JWK. */
  readonly publicKey: { readonly kty: string; readonly crv: string; readonly x: string }
  /** Which device it is already, when it lost its key. */
  readonly deviceId?: string | undefined
}

export interface EnrolledDevice {
  readonly id: string
  readonly facilityId: string
  readonly organizationId: string
  readonly facilityName: string
  readonly audience: Audience
  readonly till: { readonly id: string; readonly code: string }
}

/**
 * Uses up a code and makes a device with its key, its till and its place in the queue, or gives one a new key. Throws `code_invalid`, or
 * `invalid_input` for a key that is none.
 */
export const enrollDevice = async (db: Db, device: NewDevice, nowMs: number): Promise<EnrolledDevice> => {
  await checkKey(device.publicKey)
  const facility = await findFacility(db, device.code, nowMs)
  const scope = { role: 'foyer_auth', facilityId: facility.id, organizationId: facility.organization_id } as const
  return inRole(db, scope, async (tx) => {
    const audience = await useCode(tx, device.code, nowMs)
    const { id: facilityId, organization_id: organizationId, name: facilityName } = facility
    const known = { facilityId, organizationId, facilityName, audience }
    if (device.deviceId !== undefined) return { ...known, ...(await renewKey(tx, device, known, nowMs)) }
    const id = randomUUID()
    const { name, publicKey } = device
    await insertDevice(tx, { deviceId: id, facilityId, name, audience, publicKey }, nowMs)
    return { ...known, id, till: await openTill(tx, facility, id) }
  })
}

/**
 * A computer that lost its key is proven by a code, as a new one is, and stays the device that it was: what it has not sent
 * goes on under its numbers (FAULTS D16). The old key is worth nothing from then on. Throws `code_invalid` when the code is
 * for computers of another facility or kind, or the device was revoked.
 */
const renewKey = async (
  tx: Tx,
  { deviceId = '', publicKey }: NewDevice,
  { facilityId, audience }: Pick<EnrolledDevice, 'facilityId' | 'audience'>,
  nowMs: number,
): Promise<Pick<EnrolledDevice, 'id' | 'till'>> => {
  const found = await tx
    .selectFrom('devices')
    .innerJoin('tills', 'tills.device_id', 'devices.id')
    .select(['devices.id', 'tills.id as till_id', 'tills.code as till_code'])
    .where('devices.id', '=', deviceId)
    .where('devices.facility_id', '=', facilityId)
    .where('devices.audience', '=', audience)
    .where('devices.revoked_at', 'is', null)
    .executeTakeFirst()
  if (!found) throw invalid()
  await setKey(tx, found.id, publicKey, new Date(nowMs).toISOString()).execute()
  return { id: found.id, till: { id: found.till_id, code: found.till_code } }
}

const setKey = (tx: Tx, id: string, publicKey: NewDevice['publicKey'], since: string) =>
  tx
    .updateTable('device_keys')
    .set({ public_key: JSON.stringify(publicKey), since })
    .where('id', '=', id)

/**
 * Makes the rows of an enrollment again that a restored backup does not have, or the key that the device got since then
 * (FAULTS S5): then the device sends again all that it has done. It was enrolled when it was, which tells it from those that
 * came after the restore. Throws `unauthenticated` when this history never lost any.
 */
export const reinstateDevice = async (db: Db, enrolled: Certified): Promise<void> => {
  const { deviceId, facilityId, organizationId, till } = enrolled
  await inRole(db, { role: 'foyer_auth', facilityId, organizationId }, async (tx) => {
    const { reason } = await tx.selectFrom('server_epoch').select('reason').executeTakeFirstOrThrow()
    if (reason === 'installed') throw unknownDevice()
    if (!(await insertDevice(tx, enrolled, enrolled.enrolledAtMs))) {
      // Of several requests at once another one may have been quicker; and a key from before the kept one is worth nothing.
      const since = new Date(enrolled.enrolledAtMs).toISOString()
      await setKey(tx, deviceId, enrolled.publicKey, since).where('since', '<', since).execute()
      return
    }
    await tx
      .insertInto('tills')
      .values({ id: till.id, code: till.code, facility_id: facilityId, device_id: deviceId })
      .execute()
  })
}

type DeviceFacts = Pick<Enrolled, 'deviceId' | 'facilityId' | 'name' | 'audience' | 'publicKey'>

/** Answers whether it was not there yet. */
const insertDevice = async (tx: Tx, device: DeviceFacts, enrolledAtMs: number): Promise<boolean> => {
  const { deviceId: id, facilityId: facility_id, name, audience, publicKey } = device
  const enrolled_at = new Date(enrolledAtMs).toISOString()
  const inserted = await tx
    .insertInto('devices')
    .values({ id, facility_id, name, audience, enrolled_at, revoked_at: null })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returning('id')
    .execute()
  if (inserted.length === 0) return false
  await tx
    .insertInto('device_keys')
    .values({ id, facility_id, public_key: JSON.stringify(publicKey), since: enrolled_at })
    .execute()
  await tx.insertInto('device_progress').values({ id, facility_id, last_seq: 0 }).execute()
  return true
}

/** A device with a key that is none could never prove itself. */
const checkKey = async (publicKey: NewDevice['publicKey']): Promise<void> => {
  try {
    await importJWK({ ...publicKey }, 'EdDSA')
  } catch {
    throw new DomainError('invalid_input', 'This is not an Ed25519 public key.', { path: 'public_key' })
  }
}

interface Facility {
  readonly id: string
  readonly organization_id: string
  readonly name: string
  readonly code: string
}

const invalid = (): DomainError =>
  new DomainError('code_invalid', 'This code is wrong, used or over: ask for a new one.')

/** Where a code leads that is neither used nor over. */
const findFacility = async (db: Db, code: string, nowMs: number): Promise<Facility> => {
  const found = await inRole(db, { role: 'foyer_auth' }, async (tx) =>
    tx
      .selectFrom('device_codes')
      .innerJoin('facilities', 'facilities.id', 'device_codes.facility_id')
      .select(['used_at', 'expires_at'])
      .select(['facilities.id', 'facilities.organization_id', 'facilities.name', 'facilities.code'])
      .where('code_hash', '=', hashCode(code))
      .executeTakeFirst(),
  )
  if (!found || found.used_at !== null || Date.parse(found.expires_at) <= nowMs) throw invalid()
  return found
}

/** Of two requests with the same code one gets it. */
const useCode = async (tx: Tx, code: string, nowMs: number): Promise<Audience> => {
  const used = await tx
    .updateTable('device_codes')
    .set({ used_at: new Date(nowMs).toISOString() })
    .where('code_hash', '=', hashCode(code))
    .where('used_at', 'is', null)
    .returning('audience')
    .executeTakeFirst()
  if (!used) throw invalid()
  return used.audience
}

/** A series that no other enrollment ever uses: the facility's letters and the next number, such as WER2. */
const openTill = async (tx: Tx, facility: Facility, deviceId: string): Promise<EnrolledDevice['till']> => {
  // Two enrollments at once would count the same tills.
  await sql`select pg_advisory_xact_lock(hashtextextended(${`till:${facility.id}`}, 0))`.execute(tx)
  const tills = await tx.selectFrom('tills').select('code').where('facility_id', '=', facility.id).execute()
  // Its letters may end in a digit themselves.
  const ownPart = (code: string): string => (code.startsWith(facility.code) ? code.slice(facility.code.length) : code)
  const numbers = tills.map(({ code }) => Number(/\d+$/.exec(ownPart(code))?.[0] ?? 0))
  const next = Math.max(0, ...numbers) + 1 + (await lostSeries(tx, facility, deviceId))
  const till = { id: randomUUID(), code: `${facility.code}${next}` }
  await tx
    .insertInto('tills')
    .values({ ...till, facility_id: facility.id, device_id: deviceId })
    .execute()
  return till
}

/** More than are enrolled at one facility between two backups. */
const skippedSeries = 20

/**
 * After a restore, computers that were enrolled since the backup are unknown here, but receipts of their series are in
 * people's hands (FAULTS S5): the first enrollment leaves a gap for them.
 */
const lostSeries = async (tx: Tx, { id }: Facility, deviceId: string): Promise<number> => {
  const { rows } = await sql<{ is_first: boolean }>`
    select reason <> 'installed' and not exists (
      select from devices where facility_id = ${id} and id <> ${deviceId} and enrolled_at >= since
    ) as is_first from server_epoch`.execute(tx)
  return rows[0]?.is_first ? skippedSeries : 0
}
