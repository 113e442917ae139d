import type { SimDevice } from './device.ts'
import type { History } from './history.ts'
import { operate } from './operations.ts'
import { chanceOf } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { World } from './world.ts'

export interface PersonParts {
  readonly world: World
  readonly device: SimDevice
  readonly scheduler: Scheduler
  readonly history: History
  readonly operations: number
  /** Whether nobody works now. */
  readonly isPaused: () => boolean
}

/** People at one computer: bursts of work with pauses, whatever the line is like. */
export interface Person {
  readonly begin: () => void
  readonly isDone: () => boolean
}

const meanPauseMs = 12_000

export const createPerson = ({ world, device, scheduler, history, operations, isPaused }: PersonParts): Person => {
  const chance = chanceOf(world.seed, `person at ${device.name}`)
  let left = operations
  let gapMs = 0
  /** Somebody else may sign in for each burst. */
  let staff = world.staff[0]

  const act = (more: number): void => {
    const reader = isPaused() ? undefined : device.reader()
    if (left > 0 && more > 0 && reader && staff) {
      left -= 1
      void operate({ device, reader, chance, history, staff })
      scheduler.after(chance.int(0, gapMs), () => act(more - 1))
      return
    }
    if (left > 0) scheduler.after(chance.pause(meanPauseMs), burst)
  }
  const burst = (): void => {
    staff = chance.happens(50) ? world.staff[0] : chance.pick(world.staff)
    // Mostly quicker than the line, so that a burst goes out in few requests.
    gapMs = chance.pick([2, 2, 5, 40])
    act(chance.int(3, 25))
  }
  return {
    begin: () => void scheduler.after(chance.pause(4000), burst),
    isDone: () => left === 0 || device.isGone,
  }
}
