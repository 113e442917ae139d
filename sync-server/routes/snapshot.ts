import { z } from 'zod'
import { snapshotExtent, snapshotManifest } from '../../src-shared/contract/snapshot.ts'
import { DomainError } from '../../src-shared/errors.ts'
import type { Device } from '../auth/devices.ts'
import type { Audience } from '../../src-shared/schema/table.ts'
import { inRole } from '../db/postgres.ts'
import type { LogName } from '../shapes/handle.ts'
import { readHead } from '../shapes/log.ts'
import { openPart, publishedIn } from '../snapshots/place.ts'
import { isUsable } from '../snapshots/refresh.ts'
import { isStillToday } from '../snapshots/today.ts'
import { json } from './answer.ts'
import { defineRoute } from './route.ts'
import type { Services } from './services.ts'

const audience = z.enum(['desk', 'office']).default('desk')
const wholeNumber = z
  .string()
  .regex(/^\d{1,12}$/)
  .transform(Number)

/** Whose it is says the token, never the client. */
const logOf = (device: Device, wanted: Audience): LogName => {
  if (wanted === 'office' && device.audience !== 'office') {
    throw new DomainError('forbidden', 'This device was not enrolled for the office.')
  }
  return { facilityId: device.facilityId, audience: wanted }
}

/** Nothing is wrong: the log alone brings everything too. */
const none = (): DomainError => new DomainError('not_found', 'There is no snapshot that fits: follow the log.')

export const snapshotRoute = ({ config, db, now }: Services) =>
  defineRoute({
    method: 'GET',
    path: '/v1/snapshot',
    summary: "A ready-made replica of the device's facility, to load before the log is followed from its position",
    auth: 'device',
    isReading: true,
    input: z.object({ audience, extent: snapshotExtent.default('whole') }),
    output: snapshotManifest,
    handle: async (query, _request, device) => {
      const log = logOf(device, query.audience)
      // The handles of a real Electric service are its own.
      if (config.snapshotFolder === undefined || config.electricUrl !== undefined) throw none()
      const head = await inRole(db, { role: 'foyer_feed', facilityId: log.facilityId }, async (tx) => readHead(tx, log))
      const manifest = publishedIn(config.snapshotFolder, log, query.extent).find((each) => isUsable(each, head))
      if (!manifest || !isStillToday(manifest, now())) throw none()
      return json(manifest)
    },
  })

export const snapshotPartRoute = ({ config }: Services) =>
  defineRoute({
    method: 'GET',
    path: '/v1/snapshot/part',
    summary: 'One part of that snapshot, from one of its bytes on',
    auth: 'device',
    isReading: true,
    input: z.object({
      audience,
      id: z.string().regex(/^[0-9a-z-]{1,80}$/),
      part: wholeNumber,
      from: wholeNumber.default(0),
    }),
    output: null,
    handle: async ({ audience: wanted, ...order }, _request, device) => {
      const log = logOf(device, wanted)
      const found = config.snapshotFolder === undefined ? undefined : openPart(config.snapshotFolder, log, order)
      if (!found) throw none()
      return {
        status: 200,
        headers: {
          'cache-control': 'private, no-store',
          'content-type': 'application/octet-stream',
          'content-length': String(found.bytes),
        },
        body: found.body,
      }
    },
  })
