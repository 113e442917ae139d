import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Log } from '../../../src-main/log.ts'
import { forkDataChild } from '../../../src-main/shell/data-child.ts'
import { runDataProcess, type DataProcess } from '../../../src-main/shell/data-process.ts'
import type { Push } from '../../../src-shared/contract/push.ts'
import { isAlive, until } from '../../support/until.ts'

const file = join(import.meta.dirname, '../../support/fake-data-process.ts')
const start = { profileFolder: '/nowhere', deviceSecret: 'secret' }
const waits = { firstRestart: 10, longestRestart: 50, healthy: 60_000, end: 500 }

const run = (pushes: Push[] = [], errors: string[] = []): DataProcess => {
  const log: Log = { info: () => undefined, warn: () => undefined, error: (line) => errors.push(line) }
  const data = runDataProcess({
    startChild: () => forkDataChild(file),
    start,
    onPush: (push) => pushes.push(push),
    log,
    waits,
  })
  onTestFinished(data.stop)
  return data
}

const pidOf = async (data: DataProcess): Promise<number> => {
  const reply = await data.call('app.state', undefined)
  // The fake answers with its process number.
  return reply.ok ? (reply.value as { pid: number }).pid : 0
}

test('the data process gets its start options first and then answers calls', async () => {
  const data = run()

  const reply = await data.call('query', { name: 'q', args: 1 })

  expect(reply).toMatchObject({ ok: true, value: { channel: 'query', input: { name: 'q', args: 1 }, started: start } })
})

test('its pushes reach the window', async () => {
  const pushes: Push[] = []
  const data = run(pushes)

  await data.call('command', { name: 'push', args: null })

  expect(pushes).toEqual([{ push: 'tables-changed', data: { tables: ['check_ins'] } }])
})

test('when it dies, calls without an answer fail as unavailable', async () => {
  const data = run()

  const replies = await Promise.all([
    data.call('command', { name: 'hang', args: null }),
    data.call('command', { name: 'die', args: null }),
  ])

  expect(replies).toMatchObject([
    { ok: false, error: { code: 'unavailable' } },
    { ok: false, error: { code: 'unavailable' } },
  ])
})

test('when it dies, it is started again with the same options and the window hears of the new state', async () => {
  const pushes: Push[] = []
  const data = run(pushes)
  const first = await pidOf(data)

  await data.call('command', { name: 'die', args: null })
  await until(() => pushes.some(({ push }) => push === 'app-state'))

  expect(await pidOf(data)).not.toBe(first)
  expect(pushes).toMatchObject([{ push: 'app-state', data: { started: start } }])
})

test('a call while it is down is answered at once', async () => {
  const data = run()
  await data.call('command', { name: 'die', args: null })

  const reply = await data.call('app.state', undefined)

  expect(reply).toMatchObject({ ok: false, error: { code: 'unavailable' } })
})

test('one that dies again and again is started more and more seldom', async () => {
  const errors: string[] = []
  const data = run([], errors)

  for (let deaths = 1; deaths <= 5; deaths += 1) {
    await until(async () => (await pidOf(data)) > 0)
    await data.call('command', { name: 'die', args: null })
  }

  expect(errors.map((line) => /in (\d+) ms/.exec(line)?.[1])).toEqual(['10', '20', '40', '50', '50'])
})

test('stopping kills one that does not end', async () => {
  const data = run()
  const pid = await pidOf(data)
  await data.call('command', { name: 'stay', args: null })

  await data.stop()

  expect(isAlive(pid)).toBe(false)
})

test('stopping ends it, answers what hangs, and starts nothing again', async () => {
  const pushes: Push[] = []
  const data = run(pushes)
  const pid = await pidOf(data)
  const hanging = data.call('command', { name: 'hang', args: null })

  await data.stop()

  expect(isAlive(pid)).toBe(false)
  expect(await hanging).toMatchObject({ ok: false, error: { code: 'unavailable' } })
  expect(pushes).toEqual([])
})
