import { readdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { DomainError } from '../../../src-shared/errors.ts'
import { instantSchema } from '../../../src-shared/schema/columns.ts'
import type { InstantText } from '../../../src-shared/time.ts'
import { type Profile, profileTrouble, readProfile } from './profile.ts'
import type { Reserve } from '../disk-reserve.ts'
import { readIfThere, syncFolder, writeWhole } from '../whole-file.ts'

/** What stays of a computer that was revoked: enough for people to know what happened to it. */
const revokedSchema = z.strictObject({
  device_id: z.uuid(),
  name: z.string(),
  facility_name: z.string(),
  server_url: z.string(),
  at: instantSchema,
})
type Revoked = z.infer<typeof revokedSchema>

const revokedFile = (folder: string): string => path.join(folder, 'revoked.json')

/** Undefined where this computer was not revoked, or nobody can read that it was: the server says so again. */
export const readRevoked = (folder: string): Revoked | undefined => {
  try {
    return revokedSchema.safeParse(JSON.parse(readIfThere(revokedFile(folder)) ?? 'null')).data
  } catch {
    return undefined
  }
}

export interface RevokedParts {
  readonly folder: string
  readonly reserve?: Pick<Reserve, 'release'> | undefined
}

/** Decides that everything goes: from here on `destroyRevoked` does so, also after a kill. */
export const markRevoked = ({ folder, reserve }: RevokedParts, profile: Profile, at: InstantText): void => {
  const { device_id, name, facility_name, server_url } = profile
  const revoked: Revoked = { device_id, name, facility_name, server_url, at }
  const mark = (): void => writeWhole(revokedFile(folder), JSON.stringify(revoked))
  try {
    mark()
  } catch (error) {
    // What failed and took effect is decided: going on with work would be to destroy that, too.
    if (isRevoked(folder, profile)) return
    // There is no work any more that the room is kept for.
    if (!reserve?.release()) throw error
    mark()
  }
}

/** Whether that was decided: of a file that could not be removed nobody makes an enrolled computer again. */
export const isRevoked = (folder: string, { device_id }: Profile): boolean =>
  readRevoked(folder)?.device_id === device_id

/** Once another enrollment is written down. */
export const forgetRevoked = (folder: string): void => rmSync(revokedFile(folder), { force: true })

/** The profile first: without its keys nothing else can be read. With what an earlier enrollment has left. */
const inOrder = [/^device\.json/, /^desk(-[^/]*)?\.db/, /^replica-[^/]*\.db/, /^earlier-\d+$/]

/**
 * Destroys the keys, then all that they open, where this computer was revoked (SECURITY §3). A note that has come back beside
 * another enrollment, from a backup of the folder, destroys nothing. Throws when something could not be removed; the rest is.
 */
export const destroyRevoked = (folder: string): void => {
  const revoked = readRevoked(folder)
  if (!revoked || isAnother(folder, revoked)) return
  const failed: unknown[] = []
  const names = readdirSync(folder)
  for (const name of inOrder.flatMap((form) => names.filter((each) => form.test(each)))) {
    try {
      rmSync(path.join(folder, name), { recursive: true, force: true, maxRetries: 3 })
    } catch (error) {
      failed.push(error)
    }
  }
  syncFolder(folder)
  if (failed.length === 0) return
  const message = 'Some data of a facility that this computer was shut out of cannot be removed.'
  throw Object.assign(new DomainError('disk_failing', message), { cause: failed[0] })
}

interface StartParts {
  readonly folder: string
  readonly onFault: (error: unknown) => void
}

/** At the start, where a kill was quicker. What cannot be removed is no reason not to start. */
export const finishDestroying = ({ folder, onFault }: StartParts): void => {
  try {
    destroyRevoked(folder)
  } catch (error) {
    onFault(error)
  }
}

const isAnother = (folder: string, { device_id }: Revoked): boolean => {
  const profile = readProfile(folder)
  return profile ? profile.device_id !== device_id : profileTrouble(folder) !== undefined
}
