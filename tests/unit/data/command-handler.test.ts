import { expect, test, vi } from 'vitest'
import type { DataProcess } from '../../../src-main/data/data-process.ts'
import { handlersFor } from '../../../src-main/ipc/handlers.ts'
import { DomainError } from '../../../src-shared/errors.ts'

test('a write of which nobody knows whether it is saved wakes the outbox (D5, W7)', async () => {
  const wake = vi.fn<() => void>()
  const unknown = new DomainError('save_unknown', 'Look whether it is there.')
  const signedIn = () => ({
    store: { run: () => Promise.reject(unknown) },
    leaseId: 'a-lease',
    state: { staff_id: 'a-person', permissions: [] },
    wake,
  })
  // What the channel asks of it.
  const data = { signedIn } as unknown as DataProcess

  const answer = Promise.resolve(handlersFor(data).command({ name: 'check_in.record', args: {} }))

  await expect(answer).rejects.toBe(unknown)
  expect(wake).toHaveBeenCalledOnce()
})
