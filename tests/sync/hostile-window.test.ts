import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commands } from '../../src-shared/commands/index.ts'
import { type Channel, channels } from '../../src-shared/contract/ipc.ts'
import { enrollDesk, type TestDesk } from '../support/desk.ts'
import { startSyncServer, type TestServer } from '../support/sync-server.ts'

let server: TestServer
let desk: TestDesk

beforeAll(async () => {
  server = await startSyncServer()
  desk = await enrollDesk(server)
})
afterAll(async () => {
  await desk.remove()
  await server.close()
})

/** Nobody is signed out or enrolled by chance: what follows must still meet a desk that can do something. */
const channelNames = (Object.keys(channels) as Channel[]).filter((name) => name !== 'session.sign_out')
const anyId = fc.constantFrom('01990000-0000-7000-8000-000000000001', "'; drop table students; --", '../../etc/passwd')
const anyShape = fc.oneof(
  fc.anything({ maxDepth: 4, withBigInt: true, withNullPrototype: true }),
  fc.record({ name: fc.oneof(fc.string(), fc.constant('__proto__')), args: fc.anything() }),
  fc.record({ id: anyId, state: fc.constantFrom('printed', 'waiting', 'x') }),
)
const anyCommand = fc.record({
  name: fc.constantFrom(...commands.map(({ name }) => name), 'counter.search', 'counter.family', 'classes.roll'),
  args: fc.oneof(
    fc.anything({ maxDepth: 3 }),
    fc.dictionary(
      fc.constantFrom('entries', 'family_id', 'session_id', 'amount', 'marks', 'text', 'now'),
      fc.anything(),
    ),
  ),
})

describe('a window that was taken over (H6, H7)', () => {
  test('gets a refusal for whatever it calls, and breaks nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...channelNames), fc.oneof(anyShape, anyCommand), async (channel, input) => {
        const reply = await desk.invoke(channel, input)

        expect(reply.ok || reply.error.code !== 'unexpected').toBe(true)
      }),
      { numRuns: 1500 },
    )

    expect(desk.faults).toEqual([])
    expect(await desk.call('sync.status')).toMatchObject({ online: true })
  })

  test('reaches no channel that the contract does not name', async () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'sql', '', 'query ']) {
      expect(await desk.invoke(name as Channel, {})).toMatchObject({ ok: false, error: { code: 'invalid_input' } })
    }
  })
})
