import { createHash, randomInt, randomUUID } from 'node:crypto'
import type { Audience } from '../../src-shared/schema/table.ts'
import { inRole } from '../db/postgres.ts'
import type { Db } from '../db/tx.ts'

/** Crockford's alphabet: no I, L, O, U, so that a code survives being read aloud. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** 12 letters of 5 bits: 60 bits. */
const codeLength = 12

export interface NewCode {
  readonly facilityId: string
  readonly audience: Audience
  /** The staff member who asked for it; null for the first device of a new academy. */
  readonly createdBy: string | null
  readonly minutes: number
}

/** Makes a one-time code that enrolls a device, such as `7K3M-9QXT-04BD`. Only its hash is kept. */
export const createDeviceCode = async (
  db: Db,
  { facilityId, audience, createdBy, minutes }: NewCode,
  nowMs = Date.now(),
): Promise<{ readonly code: string; readonly expiresAt: string }> => {
  const code = Array.from({ length: codeLength }, () => alphabet[randomInt(alphabet.length)]).join('')
  const expiresAt = new Date(nowMs + minutes * 60_000).toISOString()
  await inRole(db, { role: 'foyer_auth', facilityId }, (tx) =>
    tx
      .insertInto('device_codes')
      .values({
        id: randomUUID(),
        facility_id: facilityId,
        audience,
        code_hash: hashCode(code),
        created_by: createdBy,
        expires_at: expiresAt,
        used_at: null,
        failed_tries: 0,
      })
      .execute(),
  )
  return { code: code.replace(/(.{4})(?=.)/g, '$1-'), expiresAt }
}

/** The hash of a code as a person typed it: any case, any dashes and blanks, O for 0, I and L for 1. */
export const hashCode = (typed: string): string => {
  const plain = typed.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1')
  return createHash('sha256').update(plain).digest('hex')
}
