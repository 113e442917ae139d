import path from 'node:path'
import { z } from 'zod'
import { readIfThere, writeWhole } from '../whole-file.ts'

/** One person who can unlock this computer without internet. What a newer program has written stays (FAULTS D14). */
const knownStaff = z.looseObject({
  staff_id: z.uuid(),
  sign_in_name: z.string(),
  name: z.string(),
  salt: z.string(),
  cost: z.strictObject({ memoryKib: z.number().int(), passes: z.number().int() }),
  /** The data key, wrapped for this person (W1). */
  wrap: z.string(),
  lease: z.string(),
  lease_id: z.uuid(),
  lease_not_after: z.string(),
  failed_attempts: z.number().int(),
  last_failed_at: z.string().nullable(),
})
export type KnownStaff = z.infer<typeof knownStaff>

const profileSchema = z.looseObject({
  server_url: z.string(),
  device_id: z.uuid(),
  name: z.string(),
  facility_id: z.uuid(),
  facility_name: z.string(),
  audience: z.enum(['desk', 'office']),
  till: z.strictObject({ id: z.uuid(), code: z.string() }),
  lease_key: z.record(z.string(), z.unknown()),
  recovery_key: z.record(z.string(), z.unknown()),
  /** Of the enrollment; computers that were enrolled before there was one have none. */
  certificate: z.string().optional(),
  /** The device's Ed25519 private JWK, sealed with the device secret. */
  private_key: z.string(),
  /** The data key, sealed to the server (W3), from the moment that it exists. */
  recovery: z.string().nullable(),
  known_staff: z.array(knownStaff),
})
export type Profile = z.infer<typeof profileSchema>

const profileFile = (folder: string): string => path.join(folder, 'device.json')

/** Undefined before enrollment. Throws when the file is there but damaged: it is never made anew over an old one. */
export const readProfile = (folder: string): Profile | undefined => {
  const text = readIfThere(profileFile(folder))
  return text === undefined ? undefined : profileSchema.parse(JSON.parse(text))
}

export const writeProfile = (folder: string, profile: Profile): void =>
  writeWhole(profileFile(folder), JSON.stringify(profile, undefined, 2))
