import { statSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { counterStore } from '../support/counter-store.ts'
import { payCash, storeParts } from '../support/store.ts'
import { extent, limitMs } from './support/extent.ts'

const { counter, store, folder } = counterStore()

const mostBytes = 64 * 1024 * 1024
const walBytes = (): number => statSync(`${store().replica.file}-wal`).size

describe('the write-ahead log of a replica (D10)', () => {
  test('stays small while somebody reads all the time', { timeout: limitMs }, async () => {
    const sizes: number[] = []

    for (let count = 0; count < extent(150, 10_000); count += 1) {
      await payCash(store(), counter, 1)
      await store().replica.reads.selectFrom('payments').selectAll().limit(50).execute()
      sizes.push(walBytes())
    }

    expect(Math.max(...sizes)).toBeLessThan(mostBytes / 8)
  })

  test('is small again after somebody has read for a long time', { timeout: limitMs }, async () => {
    const { environment, key } = storeParts(folder(), counter)
    const reader = environment.disk.open(store().replica.file, { key, synchronous: 'NORMAL', readonly: true })
    reader.exec('begin')
    reader.prepare('select count(*) from payments').get()
    for (let count = 0; count < extent(150, 4000); count += 1) await payCash(store(), counter, 1)
    const during = walBytes()

    reader.exec('commit')
    reader.close()
    for (let count = 0; count < 20; count += 1) await payCash(store(), counter, 1)

    expect(during).toBeGreaterThan(4_200_000)
    expect(walBytes()).toBeLessThan(mostBytes / 8)
  })
})
