import { epochOf } from '../../src-shared/contract/handle.ts'
import { followsHeader, logHeader, type MutationOutcome, mutationsResponse } from '../../src-shared/contract/http.ts'
import { DomainError } from '../../src-shared/errors.ts'
import type { Device } from '../auth/devices.ts'
import type { Config } from '../config.ts'
import { checkShape } from '../mutations/canonical.ts'
import { executeBatch } from '../mutations/execute.ts'
import { mutationsBatch, receive } from '../mutations/received.ts'
import { json } from './answer.ts'
import { defineRoute } from './route.ts'
import type { Services } from './services.ts'

export const mutationsRoute = ({ config, db, log, keys, now, counters, epoch, readDevice, inTurn }: Services) =>
  defineRoute({
    method: 'POST',
    path: '/v1/mutations',
    summary:
      "Carry out a device's mutations in the order of their numbers; each gets an outcome, also when it is refused",
    auth: 'device',
    // In the transaction of each mutation, or group, where those of a revoked device are refused, and kept.
    isCheckedLater: true,
    isForRevoked: true,
    input: mutationsBatch,
    output: mutationsResponse,
    handle: async ({ mutations }, { header }, device) => {
      checkShape(mutations)
      // All are read before the first is carried out, so that a batch that cannot be answered changes nothing.
      const batch = mutations.map(receive)
      const onDecided = ({ outcome, error }: MutationOutcome): void => {
        counters.mutations.add(outcome)
        if (outcome === 'refused' && error) counters.refusals.add(error.code)
      }
      const follows = numberOf(header(followsHeader))
      try {
        const parts = { db, device, log, now, leaseKey: keys.lease, onDecided, follows }
        return json(await inTurn(facilityTurn(config, device), async () => executeBatch(parts, batch)))
      } catch (error) {
        // The device knows from the log that we had more of it; unless it says itself that it leaves numbers out.
        const held = follows === undefined ? epochOf(header(logHeader)) : undefined
        if (held && error instanceof DomainError && error.code === 'sequence_gap') {
          const { id: deviceId, facilityId, organizationId } = device
          // Whoever has a computer that was shut out makes nobody load anew.
          const isRevoked = await readDevice
            .read({ deviceId, facilityId, organizationId })
            .then(() => false, isRevocation)
          if (!isRevoked) await epoch.doubt(held, 'sequence', device.id)
        }
        throw error
      }
    },
  })

/** Of a facility whose log somebody keeps locked the desks wait here, and not on all connections of the others. */
const facilityTurn = ({ databaseConnections }: Config, { facilityId }: Device) => ({
  key: facilityId,
  atOnce: Math.max(1, Math.floor(databaseConnections / 3)),
  longest: Number.POSITIVE_INFINITY,
})

const isRevocation = (error: unknown): boolean => {
  if (error instanceof DomainError && error.code === 'device_revoked') return true
  throw error
}

const numberOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined
