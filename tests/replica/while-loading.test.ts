import { expect, test } from 'vitest'
import { followLog } from '../../src-main/data/sync/shape-loop.ts'
import { newId } from '../support/academy.ts'
import { counterRows, entriesOf } from '../support/counter-rows.ts'
import { environmentWith } from '../support/environment.ts'
import { checkInAll, openCounterStore, removeFolder, temporaryFolder } from '../support/store.ts'

const counter = counterRows()

/** One answer of the log, with so many families. */
const longAnswer = (families: number): Response => {
  const rows = Array.from({ length: families }, () => ({ ...counter.family, id: newId() }))
  const entries = entriesOf({ families: rows }).map(({ position, row, ...entry }) => ({
    key: String(position),
    value: { ...entry, position: String(position), row: JSON.stringify(row) },
    headers: { operation: 'insert' },
  }))
  return Response.json([...entries, { headers: { control: 'up-to-date', global_last_seen_lsn: String(families) } }], {
    headers: {
      'electric-handle': 'handle-2',
      'electric-offset': `${families}_0`,
      'electric-schema': '{}',
      'electric-up-to-date': '',
      'electric-cursor': '1',
    },
  })
}

test('a check-in does not wait until all of a long answer of the log is loaded beside what is shown (I9)', async () => {
  const folder = temporaryFolder()
  const store = await openCounterStore(folder, counter)
  await store.startOver()
  const answers = [longAnswer(2000)]
  const order: string[] = []
  const checkIn = async (): Promise<void> => {
    await checkInAll(store, counter)
    order.push('saved')
  }
  const end = Promise.withResolvers<void>()
  let click: Promise<void> | undefined
  const loop = followLog({
    url: 'http://server',
    server: { fetch: async () => answers.shift() ?? new Promise<never>(() => undefined) },
    environment: environmentWith({}),
    from: { position: 0, handle: undefined, since: 0 },
    onEvent: async (event) => {
      if (event.kind !== 'entries') {
        end.resolve()
        return
      }
      click ??= new Promise<void>((resolve) => {
        setImmediate(resolve)
      }).then(checkIn)
      await store.append(event.entries, 'handle-2')
      order.push('loaded')
    },
    onEnd: end.reject,
  })

  await end.promise
  loop.stop()
  await click

  expect(store.feedState.position).toBe(2000)
  expect(order).toContain('saved')
  // Most of the answer was still to come.
  expect(order.slice(order.indexOf('saved')).length).toBeGreaterThan(4)
  await store.close()
  removeFolder(folder)
})
