import { type Engine, type EngineParts, startEngine } from '../../src-main/data/engine.ts'
import { connectServer } from '../../src-main/data/sync/server.ts'
import { leaseKey } from './server.ts'
import type { Enrolled } from './world.ts'

type ProgramParts = Omit<EngineParts, 'profile' | 'server' | 'leaseKey'> & { readonly enrolled: Enrolled }

/** What runs on a computer from its start to its end: all of the data process but for who is signed in. */
export const startProgram = async (parts: ProgramParts): Promise<Engine> => {
  const { url, environment, onFault, onStatus } = parts
  const { id, facility, till, privateKey } = parts.enrolled
  const running: { engine?: Engine } = {}
  const server = connectServer({
    url,
    identity: { deviceId: id, privateKey },
    environment,
    onContact: (problem) => running.engine?.sync.onContact(problem),
  })
  const look = async (): Promise<void> => running.engine?.health.look()
  running.engine = await startEngine({
    ...parts,
    server,
    leaseKey: await leaseKey(),
    profile: { device_id: id, facility_id: facility.id, till },
    onStatus: () => {
      onStatus()
      void Promise.resolve().then(look).catch(onFault)
    },
  })
  return running.engine
}
