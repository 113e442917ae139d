import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runChecks } from '../../../build/conformance/check.ts'
import { allChecks } from '../../../build/conformance/checks.ts'
import { createTarget, type Target } from '../../../build/conformance/target.ts'
import { academy, family, newId } from '../../support/academy.ts'
import { breakages } from '../../support/breakages.ts'
import { startSyncServer, type TestServer } from '../../support/sync-server.ts'

let server: TestServer
let token: string

beforeAll(async () => {
  server = await startSyncServer({ pollSeconds: 0.4, chunkLimit: { rows: 40, bytes: 1_000_000 } })
  token = await (await server.enroll()).token()
})
afterAll(async () => server.close())

const change = async (): Promise<void> => {
  const row = family({ name: 'Change' })
  await server.insert('families', row)
  await server.insert('family_facilities', { id: newId(), family_id: row.id, facility_id: academy.facility_id })
}

const targetOf = (over: Partial<Target> = {}): Target =>
  createTarget({
    url: `${server.url()}/v1/shape`,
    params: { table: 'sync_log' },
    headers: { authorization: `Bearer ${token}` },
    fetch,
    patienceMs: 5000,
    change,
    restart: server.restart,
    expire: async () => server.sql(`select sync.renew_epoch(epoch, 'expired') from server_epoch`),
    ...over,
  })

describe('our server', () => {
  test('keeps every rule of the protocol, and the official client comes through all of it (N7, N8)', async () => {
    const results = await runChecks(allChecks, targetOf())

    expect(results.filter(({ outcome }) => outcome === 'FAILED')).toEqual([])
    expect(results.filter(({ outcome }) => outcome === 'skipped').map(({ id, why }) => `${id} ${why}`)).toEqual([
      'L12 not offered',
      'A04 no page of another origin may read it',
      'A05 no page of another origin may read it',
      'A08 not offered',
      'E08 needs --flood',
    ])
  })

  test('says when to come back to who asks too often (N11)', async () => {
    const busy = await startSyncServer({ pollSeconds: 1, deviceRequests: 50 })
    const other = await (await busy.enroll()).token()
    const target = targetOf({ url: `${busy.url()}/v1/shape`, headers: { authorization: `Bearer ${other}` }, flood: 80 })

    const results = await runChecks(
      allChecks.filter(({ id }) => id === 'E08'),
      target,
    )
    await busy.close()

    expect(results.map(({ outcome, why }) => [outcome, why])).toEqual([['ok', '']])
  })
})

/** Those that wait for something do it together, unless the changes of one would disturb the other. */
const groups = [
  ['L01', 'L02', 'L03', 'L04', 'L07', 'L12', 'L13', 'A02'],
  ['O04', 'O06', 'O08'],
]

test('the command says a line for each rule, and fails with the server', async () => {
  const run = async (...args: readonly string[]) =>
    promisify(execFile)(process.execPath, [
      path.resolve('build/conformance.ts'),
      '--url',
      `${server.url()}/v1/shape`,
      ...args,
    ])

  const { stdout } = await run('--token', token, '--only', 'R01,R15')
  const refused = run('--token', 'wrong', '--only', 'R01')

  expect(stdout.split('\n').slice(0, -1)).toEqual([
    expect.stringMatching(/^ok +R01 {2}offset=-1 answers 200/),
    expect.stringMatching(/^skipped +R15 /),
    expect.stringContaining('needs --change'),
    '1 ok, 0 failed, 1 skipped',
  ])
  await expect(refused).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining('FAILED   R01') as unknown })
})

describe('a server that breaks a rule', () => {
  test('is known for every rule', () => {
    expect(Object.keys(breakages).toSorted()).toEqual(allChecks.map(({ id }) => id).toSorted())
  })

  test('fails the check of that rule, for that reason', async () => {
    const failing = async (id: string): Promise<string> => {
      const { words, fetch: broken } = breakages[id] ?? { words: /./, fetch: () => fetch }
      const target = targetOf({
        fetch: broken(fetch),
        restart: async () => undefined,
        flood: 30,
        patienceMs: id.startsWith('O') ? 600 : 3000,
      })
      const [result] = await runChecks(
        allChecks.filter((check) => check.id === id),
        target,
      )
      const isRight = result?.outcome === 'FAILED' && words.test(result.why)
      return isRight ? 'ok' : `${id} ${result?.outcome} ${result?.why}`
    }
    const outcomes: string[] = []
    for (const group of groups) outcomes.push(...(await Promise.all(group.map(failing))))
    for (const { id } of allChecks) if (!groups.flat().includes(id)) outcomes.push(await failing(id))

    expect(outcomes.filter((outcome) => outcome !== 'ok')).toEqual([])
  })
})
