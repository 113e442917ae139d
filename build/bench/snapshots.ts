import { createServer, request, type Server } from 'node:http'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { SnapshotManifest } from '../../src-shared/contract/snapshot.ts'
import { folderOf, publishedIn } from '../../sync-server/snapshots/place.ts'
import type { Place } from './place.ts'

const patienceSeconds = 600

const logOf = ({ facility }: Place) => ({ facilityId: facility.facilityId, audience: 'desk' }) as const
/** Where the server of a stack keeps them. */
const folderIn = ({ folder }: Place): string => join(folder, 'snapshots')

/** Waits until the server has a snapshot of its present history. */
export const snapshotOf = async (place: Place): Promise<SnapshotManifest> => {
  place.log('Waiting for the snapshot …')
  for (let second = 0; second < patienceSeconds; second += 1) {
    const [row] = await place.sql<{ epoch: string }>('select epoch from server_epoch')
    const found = publishedIn(folderIn(place), logOf(place), 'whole').find(({ epoch }) => epoch === row?.epoch)
    if (found) return found
    await delay(1000)
  }
  throw new Error('The server made no snapshot.')
}

/** The ready SQLite file that it was made from: all tables, indexes, search index, not encrypted. */
export const readyFileOf = (place: Place): string => join(folderOf(folderIn(place), logOf(place)), 'working.db')

/** The same server as if it had no snapshots: what a desk does with the log alone. */
export const withoutSnapshots = async (
  serverUrl: string,
): Promise<{ readonly url: string; readonly stop: () => void }> => {
  const server: Server = createServer((incoming, outgoing) => {
    if (incoming.url?.startsWith('/v1/snapshot')) {
      outgoing.writeHead(404, { 'content-type': 'application/json' }).end('{}')
      return
    }
    const target = new URL(incoming.url ?? '/', serverUrl)
    const { method, headers } = incoming
    const passed = request(target, { method, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    passed.on('error', () => outgoing.destroy())
    outgoing.on('close', () => passed.destroy())
    incoming.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('No port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    stop: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
