import { spawnSync } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { Store } from '../../src-main/data/store.ts'
import { counterRows } from '../support/counter-rows.ts'
import { openCounterStore, payCash, removeFolder, rowsOf, storeParts, temporaryFolder } from '../support/store.ts'

const child = path.join(import.meta.dirname, 'kill', 'counter-child.ts')
const counter = counterRows()
const root = temporaryFolder()
const clean = path.join(root, 'clean')
const counterFile = path.join(root, 'counter.json')

writeFileSync(counterFile, JSON.stringify(counter))
const source = await openCounterStore(root, counter)
await source.close()
for (const file of ['desk.db', 'replica-1.db']) cpSync(path.join(root, file), path.join(clean, file))
afterAll(() => removeFolder(root))

/** Runs the desk until its n-th call of SQLite; answers with what it had said was saved. */
const killedAt = (n: number) => {
  const folder = path.join(root, `kill-${n}`)
  cpSync(clean, folder, { recursive: true })
  const { stdout, stderr, signal } = spawnSync(process.execPath, [child, folder, counterFile, String(n)], {
    encoding: 'utf8',
  })
  if (signal !== 'SIGKILL') throw new Error(`The desk ended by itself: ${stderr}`)
  const lines = stdout.split('\n')
  return {
    folder,
    saved: lines.filter((line) => line.startsWith('saved ')).map((line) => line.slice(6)),
    calls: Number(lines.find((line) => line.startsWith('calls '))?.slice(6)),
  }
}

const whole = killedAt(0)

describe('promise 1: what was shown as saved survives kill -9 (D1)', () => {
  test('the desk makes enough calls for this to mean something', () => {
    expect(whole.calls).toBeGreaterThan(40)
    expect(whole.saved).toHaveLength(2)
  })

  test.each(Array.from({ length: whole.calls }, (_, index) => index + 1))(
    'killed before call %i of SQLite',
    async (n) => {
      const { folder, saved } = killedAt(n)

      const store = await Store.open(storeParts(folder, counter))
      try {
        const kept = store.desk.mutationsAfter(0, 10)
        // Everything acknowledged is there; what was not acknowledged is there as a whole or not at all.
        expect(kept.map(({ id }) => id).slice(0, saved.length)).toEqual(saved)
        expect(kept.length - saved.length).toBeLessThanOrEqual(1)
        expect(kept.map(({ command }) => command)).toEqual(['check_in.record', 'payment.take'].slice(0, kept.length))
        expect(rowsOf(store, 'check_ins')).toHaveLength(kept.length > 0 ? 3 : 0)
        expect(rowsOf(store, 'payments')).toHaveLength(kept.length > 1 ? 1 : 0)
        expect(rowsOf(store, 'payment_allocations')).toHaveLength(kept.length > 1 ? 1 : 0)
        expect(rowsOf(store, 'receipts')).toHaveLength(kept.length > 1 ? 1 : 0)
        expect(store.desk.printJobs()).toHaveLength(kept.length > 1 ? 1 : 0)
        expect(store.replica.state.read().appliedSeq).toBe(kept.length)

        await payCash(store, counter, 2000)
        const numbers = rowsOf(store, 'receipts').map((row) => Number(row['number']))
        expect(new Set(numbers)).toEqual(new Set(numbers.map((_, index) => index + 1)))
      } finally {
        await store.close()
        removeFolder(folder)
      }
    },
  )
})
