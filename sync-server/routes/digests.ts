import {
  type CompareReason,
  digestsRequest,
  digestsResponse,
  rowsRequest,
  rowsResponse,
} from '../../src-shared/contract/health.ts'
import { DomainError } from '../../src-shared/errors.ts'
import type { Audience } from '../../src-shared/schema/table.ts'
import type { Device } from '../auth/devices.ts'
import type { Compared } from '../digests/compare.ts'
import { readRows } from '../digests/rows.ts'
import type { LogName } from '../shapes/handle.ts'
import { json } from './answer.ts'
import { defineRoute } from './route.ts'
import type { Services } from './services.ts'

export const digestsRoute = ({ comparer, counters, log: logger }: Services) =>
  defineRoute({
    method: 'POST',
    path: '/v1/digests',
    summary: 'Compares what a device holds, table by table, with the log of its facility at the same position',
    auth: 'device',
    isReading: true,
    input: digestsRequest,
    output: digestsResponse,
    handle: async (request, _facts, device) => {
      const compared = await comparer.compare(logOf(device, request.audience), request).catch((error: unknown) => {
        if (error instanceof DomainError) counters.comparisons.add(error.code)
        throw error
      })
      if (compared.state === 'compared') count(counters, compared, request.reason)
      else counters.comparisons.add('counting')
      if (compared.state === 'compared' && compared.different.length > 0) {
        logger.warn({ device_id: device.id, reason: request.reason, different: compared.different }, 'rows differ')
      }
      return json(compared)
    },
  })

export const rowsRoute = ({ db }: Services) =>
  defineRoute({
    method: 'POST',
    path: '/v1/rows',
    summary: 'Rows of one table out of the log, for a device that found that its own are wrong',
    auth: 'device',
    isReading: true,
    input: rowsRequest,
    output: rowsResponse,
    handle: async (request, _facts, device) => json(await readRows(db, logOf(device, request.audience), request)),
  })

/** The facility comes from the token, never from the request. */
const logOf = (device: Device, audience: Audience): LogName => {
  if (audience === 'office' && device.audience !== 'office') {
    throw new DomainError('forbidden', 'This device was not enrolled for the office.')
  }
  return { facilityId: device.facilityId, audience }
}

const count = (counters: Services['counters'], { different }: Compared, reason: CompareReason): void => {
  const result = different.length === 0 ? 'equal' : 'different'
  counters.comparisons.add(result)
  for (const { table } of different) counters.mismatches.add(table)
  if (reason === 'mended' || reason === 'renewed') counters.repairs.add(`${reason}_${result}`)
}
