import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { runChecks } from '../../../build/conformance/check.ts'
import { allChecks } from '../../../build/conformance/checks.ts'
import { createTarget } from '../../../build/conformance/target.ts'
import { academy } from '../../support/academy.ts'
import { type FakeElectric, startFakeElectric } from '../../support/fake-electric.ts'
import { startSyncServer, type TestServer } from '../../support/sync-server.ts'

const secret = 'electric & secret'
let electric: FakeElectric
let server: TestServer

beforeAll(async () => {
  electric = await startFakeElectric({ secret, pollMs: 300 })
  server = await startSyncServer({ electricUrl: electric.url, electricSecret: secret })
})
afterAll(async () => {
  await server.close()
  await electric.close()
})

test('in front of Electric the server keeps every rule of the protocol as well (S4, N7)', async () => {
  // A 409 that somebody made up makes the client suspect a cache, because this shape has one handle only.
  vi.spyOn(console, 'warn').mockReturnValue()
  const token = await (await server.enroll()).token()
  const target = createTarget({
    url: `${server.url()}/v1/shape`,
    params: { table: 'staff_credentials', where: 'true' },
    headers: { authorization: `Bearer ${token}` },
    fetch,
    patienceMs: 5000,
    change: async () => electric.append(),
    restart: server.restart,
    expire: async () => electric.expire(),
  })

  const results = await runChecks(allChecks, target)

  expect(results.filter(({ outcome }) => outcome === 'FAILED')).toEqual([])
  const skipped = results.filter(({ outcome }) => outcome === 'skipped').map(({ id }) => id)
  expect(skipped).toEqual(['L12', 'A04', 'A05', 'A08', 'E08'])
  // Whose log it is was said by the token alone.
  const facts = electric.asked.map((asked) => [
    asked.get('table'),
    asked.get('where'),
    asked.get('params[1]'),
    asked.get('secret'),
  ])
  expect(new Set(facts.map(String))).toEqual(
    new Set([['sync_log', 'facility_id = $1 AND audience = $2', academy.facility_id, secret].join()]),
  )
})
