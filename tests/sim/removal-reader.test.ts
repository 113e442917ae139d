import { expect, test } from 'vitest'
import { createActivity } from '../../build/sim/activity.ts'
import { createHistory } from '../../build/sim/history.ts'
import { chanceOf } from '../../build/sim/random.ts'
import { removalReader } from '../../build/sim/removal-reader.ts'
import { createScheduler } from '../../build/sim/scheduler.ts'
import type { Sync } from '../../src-main/data/sync/sync.ts'

test('a person answers each program that asks, also one that was started while the answer to a killed one was due', async () => {
  const scheduler = createScheduler(0, createActivity())
  const history = createHistory(scheduler.elapsed)
  const read = removalReader({ scheduler, history, chance: chanceOf(1, 'reader') })
  const accepted: string[] = []
  const asking = (name: string): Sync =>
    ({ held: { removed: 84, rows: 1180 }, acceptRemoval: () => accepted.push(name) }) as unknown as Sync
  const [killed, running] = [asking('killed'), asking('running')]

  for (const sync of [killed, killed, running, running]) read(sync)
  await scheduler.runUntil(() => false, 4000)

  expect(accepted.toSorted()).toEqual(['killed', 'running'])
})
