import { readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { instantSchema } from '../../../src-shared/schema/columns.ts'
import type { InstantText } from '../../../src-shared/time.ts'
import type { Profile } from './profile.ts'
import { readIfThere, syncFolder, writeWhole } from './whole-file.ts'

/** What stays of a computer that was revoked: enough for people to know what happened to it. */
const revokedSchema = z.strictObject({
  name: z.string(),
  facility_name: z.string(),
  server_url: z.string(),
  at: instantSchema,
})
type Revoked = z.infer<typeof revokedSchema>

const revokedFile = (folder: string): string => path.join(folder, 'revoked.json')

/** Undefined when this computer is enrolled, or never was. Throws when the file is there but damaged. */
export const readRevoked = (folder: string): Revoked | undefined => {
  const text = readIfThere(revokedFile(folder))
  return text === undefined ? undefined : revokedSchema.parse(JSON.parse(text))
}

/** Decides that everything goes: from here on `destroyRevoked` does so, also after a kill. */
export const markRevoked = (folder: string, profile: Profile, at: InstantText): void => {
  const { name, facility_name, server_url } = profile
  writeWhole(revokedFile(folder), JSON.stringify({ name, facility_name, server_url, at } satisfies Revoked))
}

/** Before a new enrollment is written down. */
export const forgetRevoked = (folder: string): void => rmSync(revokedFile(folder), { force: true })

/** The keys, and what they open: the databases, also what is left of damaged and replaced ones. */
const keys = 'device.json'
const isOfFacility = (name: string): boolean => /^(device\.json|desk|replica-)/.test(name)

/** Destroys the keys first, then all that they open, where this computer was revoked (SECURITY §3). */
export const destroyRevoked = (folder: string): void => {
  if (!readRevoked(folder)) return
  rmSync(path.join(folder, keys), { force: true })
  syncFolder(folder)
  for (const name of readdirSync(folder).filter(isOfFacility)) rmSync(path.join(folder, name), { force: true })
}
