import { afterEach, beforeEach } from 'vitest'
import { Store, type StoreParts } from '../../src-main/data/store.ts'
import { counterRows } from './counter-rows.ts'
import { openCounterStore, removeFolder, storeParts, temporaryFolder } from './store.ts'

/** For each test a store of its own that has the rows of a counter. */
export const counterStore = () => {
  const counter = counterRows()
  let folder: string
  let store: Store
  beforeEach(async () => {
    folder = temporaryFolder()
    store = await openCounterStore(folder, counter)
  })
  afterEach(async () => {
    await store.close()
    removeFolder(folder)
  })
  return {
    counter,
    store: () => store,
    folder: () => folder,
    /** As when the program is started again, with what is other then. */
    reopen: async (changes: Partial<StoreParts['environment']> = {}): Promise<void> => {
      await store.close()
      const { environment, ...parts } = storeParts(folder, counter)
      store = await Store.open({ ...parts, environment: { ...environment, ...changes } })
    },
  }
}
