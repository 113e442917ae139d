import type { DeviceWatch } from './device-watch.ts'
import type { Counter, Metrics } from './metrics.ts'

/** What the routes count. */
export interface Counters {
  readonly mutations: Counter
  readonly refusals: Counter
  readonly shapeRequests: Counter
  readonly comparisons: Counter
  readonly mismatches: Counter
  readonly repairs: Counter
}

export const createCounters = ({ counter }: Metrics): Counters => ({
  mutations: counter('foyer_mutations_total', 'Mutations by outcome', 'outcome'),
  refusals: counter('foyer_refusals_total', 'Mutations that were refused, by the code of the reason', 'code'),
  shapeRequests: counter('foyer_shape_requests_total', 'Shape requests by kind', 'kind'),
  comparisons: counter(
    'foyer_digest_comparisons_total',
    'Comparisons of what a device holds with its log, by result',
    'result',
  ),
  mismatches: counter('foyer_digest_mismatches_total', 'Tables that a device held wrong rows of', 'table'),
  repairs: counter(
    'foyer_replica_repairs_total',
    'Comparisons after a device mended its rows, by whether they are right now',
    'result',
  ),
})

/** Labels name devices by their id, at most a thousand of them, and no person. */
export const addDeviceGauges = ({ gauge, gauges }: Metrics, devices: DeviceWatch): void => {
  gauge('foyer_devices', 'Devices that this server heard of in the last two minutes', devices.count)
  gauges('foyer_device_waiting', 'Changes on a device that it has not sent yet', 'device', devices.waiting)
  gauges('foyer_device_behind_entries', 'Entries of its log that a device lacks', 'device', devices.positionsBehind)
  gauges('foyer_device_behind_seconds', 'For how long a device has lacked something', 'device', devices.secondsBehind)
}

/** What a device says of its queue, if it is a number. */
export const waitingIn = (header: string | readonly string[] | undefined): number | undefined =>
  typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : undefined
