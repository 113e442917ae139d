import { expect, test, vi } from 'vitest'
import { snapshotFirst } from '../../../src-main/data/snapshot/snapshot-first.ts'

const unreadable = new Error('The place in the log cannot be read')

test('a log that cannot be followed after the load ends as a load that failed does (F6)', async () => {
  const onEnd = vi.fn<(error: unknown) => void>()
  const follow = (): never => {
    throw unreadable
  }

  snapshotFirst({ load: async () => 'loaded', follow, onEnd })
  await vi.waitFor(() => expect(onEnd).toHaveBeenCalled())

  expect(onEnd).toHaveBeenCalledExactlyOnceWith(unreadable)
})

test('what was stopped while it loaded follows nothing and tells nothing', async () => {
  const [onEnd, follow] = [vi.fn<(error: unknown) => void>(), vi.fn<() => { readonly stop: () => void }>()]
  const loaded = Promise.withResolvers<'loaded'>()

  const { stop } = snapshotFirst({ load: () => loaded.promise, follow, onEnd })
  stop()
  loaded.resolve('loaded')
  await loaded.promise
  await Promise.resolve()

  expect([follow, onEnd].map(({ mock }) => mock.calls.length)).toEqual([0, 0])
})
