import { describe, expect, test } from 'vitest'
import { scanReplica } from '../../src-main/data/health/scan.ts'
import { counterStore } from '../support/counter-store.ts'
import { checkInAll, payCash } from '../support/store.ts'

const { counter, store } = counterStore()

const scan = () =>
  scanReplica({
    open: () => store().replica.openApart(),
    pause: async () => undefined,
    isWanted: () => true,
    onProgress: () => undefined,
  })

describe('what is stored is counted', () => {
  test('to the last row, with the place in the log that it belongs to (SPEC H2)', async () => {
    const scanned = await scan()

    const { position, handle } = store().replica.readState()
    expect(scanned).toMatchObject({
      state: { position },
      handle,
      tables: { students: { rows: 3 }, receipts: { rows: 0 } },
    })
  })

  test('as the log has it, whatever is unsent (SPEC H2)', async () => {
    const before = await scan()
    await checkInAll(store(), counter)
    await payCash(store(), counter)
    await payCash(store(), counter, 100)

    expect((await scan())?.tables).toEqual(before?.tables)
  })

  test('without what is written while it is being counted', async () => {
    const before = await scan()
    let isWritten = false

    const scanned = await scanReplica({
      open: () => store().replica.openApart(),
      pause: async () => {
        if (isWritten) return
        isWritten = true
        await checkInAll(store(), counter)
      },
      isWanted: () => true,
      onProgress: () => undefined,
    })

    expect(isWritten).toBe(true)
    expect(scanned?.tables).toEqual(before?.tables)
  })
})
