import { createHash } from 'node:crypto'
import { existsSync, readdirSync } from 'node:fs'
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

/** The same twice, in the order of reading: without the keys in it nobody reads what was not sent (FAULTS D3, D7). */
const profileNames = ['device.json', 'device.json.copy'] as const

/** Undefined before enrollment, and where neither of the two says who this computer is. */
export const readProfile = (folder: string): Profile | undefined => foundIn(folder).find(isProfile)

/**
 * Why nobody knows who this enrolled computer is: `unreadable` may pass, or be a matter of permissions, and what is there is
 * left alone; `damaged` will not.
 */
export const profileTrouble = (folder: string): 'damaged' | 'unreadable' | undefined => {
  const found = foundIn(folder)
  if (found.some(isProfile)) return undefined
  return found.includes('unreadable') ? 'unreadable' : found.includes('damaged') ? 'damaged' : undefined
}

/** Throws where the disk does not take it. */
export const writeProfile = (folder: string, profile: Profile): void => {
  const [name, copy] = profileNames
  const text = JSON.stringify({ sum: sumOf(profile), ...profile }, undefined, 2)
  writeWhole(path.join(folder, name), text)
  try {
    writeWhole(path.join(folder, copy), text)
  } catch {
    // It is written at the next start.
  }
}

/** Writes both once more where one of them is lost, damaged or old. */
export const keepTwice = (folder: string, profile: Profile): void => {
  if (!foundIn(folder).every((each) => isDeepStrictEqual(each, profile))) writeProfile(folder, profile)
}

/** Whether there are databases of an enrolled computer, whose keys were in its profile. */
export const hasDatabases = (folder: string): boolean =>
  existsSync(folder) && readdirSync(folder).some((name) => /^desk\b.*\.db$/.test(name))

type Found = Profile | 'damaged' | 'unreadable' | undefined

const isProfile = (found: Found): found is Profile => typeof found === 'object'

const foundIn = (folder: string): readonly Found[] => profileNames.map((name) => readOne(path.join(folder, name)))

const readOne = (file: string): Found => {
  let text: string | undefined
  try {
    text = readIfThere(file)
  } catch {
    return 'unreadable'
  }
  return text === undefined ? undefined : (parsed(text) ?? 'damaged')
}

/** One bit that turned over may still be JSON, and a profile: of another computer, or with keys that open nothing. */
const parsed = (text: string): Profile | undefined => {
  try {
    const { sum, ...profile } = summed.parse(JSON.parse(text))
    return sum === undefined || sum === sumOf(profile) ? profileSchema.parse(profile) : undefined
  } catch {
    return undefined
  }
}

/** Older programs wrote none. */
const summed = z.looseObject({ sum: z.string().optional() })

const sumOf = (profile: object): string => createHash('sha256').update(JSON.stringify(profile)).digest('hex')
