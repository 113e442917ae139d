import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
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

/** The same twice, in the order of reading: without the keys in it nobody reads what was not sent (FAULTS D3). */
const profileNames = ['device.json', 'device.json.copy'] as const

/** Undefined before enrollment, and where it is damaged. */
export const readProfile = (folder: string): Profile | undefined => {
  for (const name of profileNames) {
    const profile = readOne(path.join(folder, name))
    if (profile && profile !== 'damaged') return profile
  }
  return undefined
}

/** Whether this computer is enrolled and nobody can read as what. */
export const isProfileDamaged = (folder: string): boolean =>
  readProfile(folder) === undefined && profileNames.some((name) => readOne(path.join(folder, name)) === 'damaged')

/** Throws where the disk does not take it. */
export const writeProfile = (folder: string, profile: Profile): void => {
  for (const name of profileNames) writeWhole(path.join(folder, name), JSON.stringify(profile, undefined, 2))
}

/** Writes both once more where one of them is lost, damaged or old. */
export const keepTwice = (folder: string, profile: Profile): void => {
  const found = profileNames.map((name) => readOne(path.join(folder, name)))
  if (!found.every((each) => isDeepStrictEqual(each, profile))) writeProfile(folder, profile)
}

const readOne = (file: string): Profile | 'damaged' | undefined => {
  try {
    const text = readIfThere(file)
    return text === undefined ? undefined : profileSchema.parse(JSON.parse(text))
  } catch {
    return 'damaged'
  }
}
