import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { LogFeed } from '../../../src-main/data/sync/log-feed.ts'
import type { Store } from '../../../src-main/data/store.ts'
import { environmentWith } from '../../support/environment.ts'
import { until } from '../../support/until.ts'

/** A batch that takes so much away that the rows are counted first. */
const heavyBatch = [
  ...Array.from({ length: 60 }, (_, index) => ({
    key: String(index),
    value: { position: String(index + 1), table_name: 'families', row_id: `f${index}`, row: null },
    headers: { operation: 'insert' },
  })),
  { headers: { control: 'up-to-date', global_last_seen_lsn: '60' } },
]

const headers = {
  'electric-handle': 'log',
  'electric-offset': '60_0',
  'electric-schema': '{}',
  'electric-up-to-date': '',
  'electric-cursor': '1',
}

test('a batch that is given up while it is weighed is neither applied nor held (F8, R2)', async () => {
  const applied: unknown[] = []
  const counting = Promise.withResolvers<number>()
  let isCounting = false
  const store = {
    replica: { readState: () => ({ isComplete: true }) },
    feedState: { position: 0, handle: 'log', isIndexed: true },
    needsRenewal: false,
    isEmpty: false,
    presentRows: (rows: readonly unknown[]) => rows.length,
    rowCount: async () => {
      isCounting = true
      return counting.promise
    },
    apply: async (batch: unknown) => void applied.push(batch),
    startOver: () => new Promise<void>(() => undefined),
  }
  let answers = 0
  const feed = new LogFeed({
    // As much of it as the feed asks for here.
    store: store as unknown as Store,
    url: 'http://server',
    server: {
      fetch: async (_input, init) => {
        answers += 1
        if (answers === 1) return Response.json(heavyBatch, { headers })
        return new Promise((_resolve, reject) => {
          init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error))
        })
      },
      post: () => Promise.reject(new Error('not asked')),
    },
    environment: environmentWith({}),
    onTables: () => undefined,
    onShown: () => undefined,
    onStatus: () => undefined,
    onProblem: () => undefined,
    onFault: () => undefined,
  })
  feed.begin()
  await until(() => isCounting)

  feed.renew()
  counting.resolve(100_000)
  await delay(20)

  expect(applied).toEqual([])
  expect(feed.held).toBeUndefined()
  feed.stop()
})
