import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'

/** One person who can unlock this computer without internet. */
const knownStaff = z.strictObject({
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

const profileSchema = z.strictObject({
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
  let text: string
  try {
    text = readFileSync(profileFile(folder), 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  return profileSchema.parse(JSON.parse(text))
}

/** Written beside, synced and renamed, so that a power cut leaves the old or the new one (FAULTS D3). */
export const writeProfile = (folder: string, profile: Profile): void => {
  const file = profileFile(folder)
  const fresh = `${file}.new`
  inFile(fresh, 'w', (handle) => {
    // All of it, or an error: a disk that has room for the beginning takes just that from a single write.
    writeFileSync(handle, JSON.stringify(profile, undefined, 2))
    fsyncSync(handle)
  })
  renameSync(fresh, file)
  syncFolder(folder)
}

const syncFolder = (folder: string): void => {
  // Windows cannot open a folder to sync it; its rename is durable by itself.
  if (process.platform === 'win32') return
  inFile(folder, 'r', fsyncSync)
}

const inFile = (file: string, flags: 'r' | 'w', work: (handle: number) => void): void => {
  const handle = openSync(file, flags, 0o600)
  try {
    work(handle)
  } finally {
    closeSync(handle)
  }
}
