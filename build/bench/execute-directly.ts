import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { pino } from 'pino'
import { v7 } from 'uuid'
import { formatHlc } from '../../src-shared/hlc.ts'
import { toMutationId } from '../../src-shared/ids.ts'
import { maxBatch } from '../../src-shared/contract/http.ts'
import { openDevice } from '../../src-main/data/device/device.ts'
import { enrollDevice } from '../../src-main/data/device/enroll.ts'
import { systemEnvironment } from '../../src-main/data/environment.ts'
import { signInOnline } from '../../src-main/data/device/sign-in.ts'
import { createDeviceReader } from '../../sync-server/auth/devices.ts'
import { openPostgres } from '../../sync-server/db/postgres.ts'
import { executeBatch } from '../../sync-server/mutations/execute.ts'
import { receive } from '../../sync-server/mutations/received.ts'
import { credentials } from './bench-desk.ts'
import { timed } from './measure.ts'
import type { Place } from './place.ts'

/** Milliseconds that the server's executor needs for check-ins with these arguments: no HTTP, no desk. */
export const executeDirectly = async (place: Place, args: readonly unknown[]): Promise<number> => {
  const { deviceId, staffId, leaseId } = await enrolledDevice(place)
  const postgres = openPostgres({ url: place.stack.postgresUrl })
  const { organizationId, facilityId } = place.facility
  try {
    const device = await createDeviceReader(postgres.db).read({ deviceId, facilityId, organizationId })
    const context = {
      db: postgres.db,
      device,
      log: pino({ level: 'silent' }),
      now: Date.now,
      onDecided: () => undefined,
    }
    const mutations = args.map((each, index) => ({
      id: toMutationId(v7()),
      seq: index + 1,
      command: 'check_in.record',
      version: 1,
      args: each,
      staff_id: staffId,
      lease_id: leaseId,
      at: new Date().toISOString(),
      hlc: formatHlc({ ms: Date.now(), counter: 0 }, deviceId),
      series_number: null,
    }))
    return await timed(async () => {
      for (let from = 0; from < mutations.length; from += maxBatch) {
        await executeBatch(context, mutations.slice(from, from + maxBatch).map(receive))
      }
    })
  } finally {
    await postgres.close()
  }
}

/** A device that exists for the server only. */
const enrolledDevice = async ({ folder, stack, createCode }: Place) => {
  const environment = systemEnvironment
  const parts = { folder: join(folder, `device-${v7()}`), deviceSecret: randomBytes(32), environment }
  const enrollment = { code: await createCode(), name: 'Bench', server_url: stack.serverUrl }
  const { device_id: deviceId } = await enrollDevice(parts, enrollment)
  const device = openDevice({ ...parts, onContact: () => undefined, onFault: console.error })
  if (!device) throw new Error('The device was not enrolled.')
  const cheap = { memoryKib: 8, passes: 1 }
  const { staff } = await signInOnline(
    { ...device, ...parts, cost: cheap, dataKey: undefined, now: environment.clock.now },
    credentials,
  )
  return { deviceId, staffId: staff.staff_id, leaseId: staff.lease_id }
}
