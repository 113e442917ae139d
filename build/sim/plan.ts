import type { Chance } from './random.ts'

/**
 * What a seed is about. Each draws a few kinds of faults and how many of them (swarm testing): with all faults at once
 * hardly anything would ever get far enough to go wrong.
 */
export interface Plan {
  readonly operations: number
  /** Mean milliseconds between changes of a device's line. */
  readonly weather: number
  readonly lines: { readonly cut: number; readonly flap: number; readonly noise: number }
  /** Mean milliseconds between falls of a device, of the server. */
  readonly deviceFalls: number
  readonly serverFalls: number
  readonly kills: number
  readonly diskFaults: number
  readonly queryFaults: number
  readonly notificationsLost: number
  readonly wrongClocks: number
  readonly office: number
  /** Mean milliseconds between the looks of the process that makes snapshots; none with 0. */
  readonly snapshots: number
  readonly once: readonly Once[]
}

/** What happens at most once in a run. */
export type Once =
  | 'restore the server'
  | 'put old files of the server back'
  | 'change the epoch'
  | 'compact the log'
  | 'prune removals'
  | 'set a device back'
  | 'copy a computer'
  | 'revoke a device'
  | 'update a device'
  | 'three weeks away'
  | 'meddle'
  | 'a row goes wrong'

const onceChances: Readonly<Record<Once, number>> = {
  'restore the server': 15,
  'put old files of the server back': 8,
  'change the epoch': 10,
  'compact the log': 25,
  'prune removals': 15,
  'set a device back': 12,
  'copy a computer': 20,
  'revoke a device': 8,
  'update a device': 15,
  'three weeks away': 10,
  meddle: 25,
  'a row goes wrong': 25,
}

/** `operations` is how many things the people of one device do. */
export const drawPlan = (chance: Chance, operations: number): Plan => {
  const often = (percent: number, min: number, max: number): number =>
    chance.happens(percent) ? chance.int(min, max) : 0
  return {
    operations: operations + chance.int(0, Math.ceil(operations / 10)),
    weather: chance.int(4000, 20_000),
    lines: { cut: often(70, 1, 10), flap: often(40, 1, 6), noise: often(60, 1, 10) },
    deviceFalls: often(60, 15_000, 60_000),
    serverFalls: often(50, 15_000, 60_000),
    kills: often(40, 5, 60),
    diskFaults: often(30, 10, 100),
    queryFaults: often(35, 1, 12),
    notificationsLost: often(30, 50, 1000),
    wrongClocks: often(40, 20, 100),
    office: chance.int(1500, 8000),
    snapshots: often(60, 2000, 30_000),
    // Object.entries forgets the type of the keys.
    once: (Object.entries(onceChances) as [Once, number][])
      .filter(([, percent]) => chance.happens(percent))
      .map(([name]) => name),
  }
}
