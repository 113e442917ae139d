import { DomainError } from '../../src-shared/errors.ts'
import type { Device } from '../auth/devices.ts'
import { proxyShape } from '../shapes/electric.ts'
import { fromStart, parseOffset } from '../shapes/offset.ts'
import { isLive, serveShape, type ShapeQuery, shapeQuery } from '../shapes/serve.ts'
import { defineRoute } from './route.ts'
import type { Services } from './services.ts'

export const shapeRoute = ({ config, db, waiters, logs, readDevice, counters, devices, epoch }: Services) =>
  defineRoute({
    method: 'GET',
    path: '/v1/shape',
    summary: "The log of the device's facility, in Electric's HTTP protocol",
    auth: 'device',
    // A desk that waits asks again with every change: who lets it wait need not know more than that it was let in before.
    isCheckedLater: true,
    isReading: true,
    isHeld: isLive,
    input: shapeQuery,
    output: null,
    handle: async (query, { signal, inTurn }, device) => {
      const { id: deviceId, facilityId, organizationId } = device
      const check = async (): Promise<void> => {
        requireAudience(query, await readDevice.read({ deviceId, facilityId, organizationId }))
      }
      requireAudience(query, device)
      const log = { facilityId: device.facilityId, audience: query.audience }
      counters.shapeRequests.add(isLive(query) ? 'live' : 'catch_up')
      const offset = parseOffset(query.offset)
      if (offset !== undefined) devices.asked(device.id, log, offset === fromStart ? 0 : offset.position)
      if (config.electricUrl !== undefined) {
        await check()
        return proxyShape({ url: config.electricUrl, secret: config.electricSecret }, log, { query, signal })
      }
      return serveShape(query, {
        db,
        log,
        waiters,
        logs,
        limit: config.chunkLimit,
        pollSeconds: config.pollSeconds,
        deviceId,
        signal,
        inTurn,
        check,
        doubt: async (held) => epoch.doubt(held, 'position', device.id),
      })
    },
  })

const requireAudience = ({ audience }: ShapeQuery, device: Device): void => {
  if (audience === 'desk' || device.audience === 'office') return
  throw new DomainError('forbidden', 'This device was not enrolled for the office.')
}
