import { randomBytes } from 'node:crypto'
import type { Audience } from '../../src-shared/schema/table.ts'

/** One log: of a facility, for an audience. */
export interface LogName {
  readonly facilityId: string
  readonly audience: Audience
}

/** The handle of a shape: whose log, in which history of the server, and a nonce, so that none is ever used twice. */
export const newHandle = ({ facilityId, audience }: LogName, epoch: string): string =>
  `${facilityId}.${audience}.${epoch}.${randomBytes(6).toString('hex')}`

/** Whether a handle that a client brought was made for this log in the server's present history. */
export const fitsHandle = (handle: string, { facilityId, audience }: LogName, epoch: string): boolean => {
  const prefix = `${facilityId}.${audience}.${epoch}.`
  return handle.startsWith(prefix) && /^[0-9a-f]{12}$/.test(handle.slice(prefix.length))
}
