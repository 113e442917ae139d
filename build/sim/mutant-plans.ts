import type { Plan } from './plan.ts'

const noLines = { cut: 0, flap: 0, noise: 0 }
export const calm: Partial<Plan> = {
  snapshots: 0,
  lines: noLines,
  deviceFalls: 0,
  serverFalls: 0,
  kills: 0,
  diskFaults: 0,
  queryFaults: 0,
  notificationsLost: 0,
  wrongClocks: 0,
  once: [],
}
export const cuts: Partial<Plan> = { ...calm, lines: { ...noLines, cut: 10 }, weather: 5000 }
export const noise: Partial<Plan> = { ...calm, lines: { ...noLines, noise: 10 }, weather: 5000 }
/** The server is too busy for many uploads. */
export const busy: Partial<Plan> = { ...calm, lines: { ...noLines, cut: 1, noise: 10 }, weather: 15_000 }
export const wrongRows: Partial<Plan> = { ...cuts, once: ['a row goes wrong'] }
export const falls: Partial<Plan> = { ...cuts, deviceFalls: 12_000, kills: 60 }
