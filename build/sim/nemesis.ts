import type { SimDevice } from './device.ts'
import type { History } from './history.ts'
import { fairWeather, type Link } from './network.ts'
import type { Plan } from './plan.ts'
import { type Chance, chanceOf } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { SimServer } from './server.ts'

export interface NemesisParts {
  readonly seed: number
  readonly plan: Plan
  readonly devices: readonly SimDevice[]
  readonly server: SimServer
  readonly scheduler: Scheduler
  readonly history: History
}

/** Makes things go wrong, again and again, until it is told to stop. */
export interface Nemesis {
  readonly begin: () => void
  /** Every fault ends: what is broken by now stays for the others to mend. */
  readonly calm: () => void
}

const yearMs = 365 * 24 * 3600 * 1000

export const createNemesis = (parts: NemesisParts): Nemesis => {
  const { plan, devices, server, scheduler } = parts
  let isOver = false
  /** Does it now and then, in irregular pauses. */
  const again = (chance: Chance, mean: number, work: () => void): void => {
    if (mean === 0) return
    scheduler.after(chance.pause(mean), () => {
      if (isOver) return
      work()
      again(chance, mean, work)
    })
  }
  return {
    begin() {
      for (const device of devices) {
        const chance = chanceOf(parts.seed, `nemesis of ${device.name}`)
        Object.assign(device.frailty, { kills: plan.kills, diskFaults: plan.diskFaults })
        again(chance, plan.weather, () => changeWeather(device.link, chance, { ...parts, isOver: () => isOver }))
        again(chance, plan.deviceFalls, () => fell(device, chance))
        if (chance.happens(plan.wrongClocks)) setClock(device, chance, parts)
        again(chance, plan.wrongClocks > 0 ? 40_000 : 0, () => setClock(device, chance, parts))
      }
      const chance = chanceOf(parts.seed, 'nemesis of the server')
      Object.assign(server.weather, { queryFaults: plan.queryFaults, notificationsLost: plan.notificationsLost })
      again(chance, plan.serverFalls, () => fellServer(server, chance, parts.history))
    },
    calm() {
      isOver = true
      Object.assign(server.weather, { queryFaults: 0, notificationsLost: 0 })
      server.killAtNextCommit(undefined)
      for (const { link, frailty } of devices) {
        link.weather = fairWeather()
        Object.assign(frailty, { kills: 0, diskFaults: 0 })
      }
    },
  }
}

const fell = (device: SimDevice, chance: Chance): void => {
  const kind = chance.weighted({ kill: 3, power: 3, close: 1 })
  const downMs = chance.happens(20) ? chance.int(10_000, 60_000) : chance.int(100, 5000)
  if (kind === 'close') device.rest(downMs)
  else device.crash(kind, downMs)
}

const fellServer = (server: SimServer, chance: Chance, history: History): void => {
  const kind = chance.weighted({ kill: 2, atCommit: 3, restart: 1 })
  const downMs = chance.int(1, 8000)
  history.count(`fault server ${kind}`)
  if (kind === 'kill') server.kill(downMs)
  if (kind === 'atCommit') server.killAtNextCommit(downMs)
  if (kind === 'restart') server.restart(downMs)
}

interface WeatherParts extends NemesisParts {
  readonly isOver: () => boolean
}

const changeWeather = (link: Link, chance: Chance, parts: WeatherParts): void => {
  const { lines } = parts.plan
  const kind = chance.weighted({ fair: 4, ...lines })
  const weather = fairWeather()
  if (kind === 'cut') {
    weather.cut = chance.pick(['out', 'in', 'both'])
    weather.isSilent = chance.happens(40)
    parts.history.count(`fault partition ${weather.cut}`)
  }
  if (kind === 'noise') {
    const noise = (most: number): number => (chance.happens(50) ? chance.int(1, most) : 0)
    weather.lost = noise(40)
    weather.duplicated = noise(30)
    weather.truncated = noise(30)
    weather.strange = noise(30)
    weather.stale = noise(15)
    weather.stuck = noise(30)
    weather.changed = noise(20)
    weather.busy = noise(80)
    weather.delay[1] = chance.pick([50, 400, 2000, 6000])
    weather.isSilent = chance.happens(20)
    parts.history.count('fault noisy line')
  }
  link.weather = weather
  if (kind === 'flap') flap(link, chance, parts)
}

/** On and off, from 1 ms to some seconds (FAULTS N6). */
const flap = (link: Link, chance: Chance, parts: WeatherParts): void => {
  parts.history.count('fault flapping line')
  const { weather } = link
  const toggle = (left: number): void => {
    if (left === 0 || parts.isOver() || link.weather !== weather) return
    weather.cut = weather.cut === 'none' ? chance.pick(['out', 'in', 'both']) : 'none'
    parts.scheduler.after(2 ** chance.int(0, 12), () => toggle(left - 1))
  }
  toggle(2 * chance.int(2, 15))
}

/** Off by seconds or years, jumping, or standing still (FAULTS T1). */
const setClock = (device: SimDevice, chance: Chance, { history, scheduler }: NemesisParts): void => {
  const kind = chance.weighted({ slightly: 3, years: 2, frozen: 1, right: 2 })
  history.count(`fault clock ${kind}`)
  history.note(device.name, `clock: ${kind}`)
  device.frozenAt = kind === 'frozen' ? scheduler.now() + device.skewMs : undefined
  if (kind === 'slightly') device.skewMs = chance.int(-600_000, 600_000)
  if (kind === 'years') device.skewMs = chance.int(-10, 10) * yearMs
  if (kind === 'right') device.skewMs = 0
}
