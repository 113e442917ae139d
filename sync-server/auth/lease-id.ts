import { createHash, randomBytes } from 'node:crypto'
import type { ServerKey } from './keys.ts'
import type { Lease } from './tokens.ts'

/** Whose lease it is. */
type Holder = Pick<Lease, 'staffId' | 'deviceId' | 'facilityId'>

/**
 * The id of a lease says until when it holds, and can only be made with our key for its holder. So what was done under a
 * sign-in can still be judged by a server that was restored from a backup and has no row of it (FAULTS S5).
 */
export const newLeaseId = async (key: ServerKey, holder: Holder, notAfter: string): Promise<string> => {
  const head = Buffer.alloc(6)
  head.writeUInt32BE(Date.parse(notAfter) / 1000)
  randomBytes(2).copy(head, 4)
  return leaseIdOf(key, holder, head)
}

/** Until when the lease of this id holds, an instant; undefined unless our key made the id for this holder. */
export const provenNotAfter = async (key: ServerKey, id: string, holder: Holder): Promise<string | undefined> => {
  const head = Buffer.from(id.replaceAll('-', '').slice(0, 12), 'hex')
  if (head.length !== 6 || (await leaseIdOf(key, holder, head)) !== id.toLowerCase()) return undefined
  return new Date(head.readUInt32BE() * 1000).toISOString()
}

/** UUID version 8: four bytes of time, two of chance, and 74 bits of an Ed25519 signature, which is always the same. */
const leaseIdOf = async (key: ServerKey, { staffId, deviceId, facilityId }: Holder, head: Buffer): Promise<string> => {
  const signed = Buffer.from(['foyer lease id', head.toString('hex'), staffId, deviceId, facilityId].join('\n'))
  const signature = await crypto.subtle.sign('Ed25519', key.privateKey, signed)
  const proof = createHash('sha256').update(new Uint8Array(signature)).digest('hex')
  const hex = head.toString('hex') + proof.slice(0, 20)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
