import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createActivity, watchCrypto } from './activity.ts'
import type { Database, Sql } from './database.ts'
import { SimDevice } from './device.ts'
import { installGlobals } from './globals.ts'
import { compareAll, createHealthWatch, type HealthWatch, proveHealth } from './health-at-rest.ts'
import { createHistory, type History } from './history.ts'
import { planIncidents } from './incidents.ts'
import { createNemesis } from './nemesis.ts'
import { Link } from './network.ts'
import { createOffice } from './office.ts'
import { fingerprintOf, judgeTheEnd } from './oracle/at-the-end.ts'
import { drain } from './oracle/drain.ts'
import { createJournal } from './oracle/journal.ts'
import { createRerunProof } from './oracle/rerun-proof.ts'
import { createVerdict, type Verdict, type Violation } from './oracle/verdict.ts'
import { createWatch } from './oracle/while-running.ts'
import { createPerson } from './person.ts'
import { drawPlan, type Plan } from './plan.ts'
import { chanceOf } from './random.ts'
import { createScheduler, type Scheduler } from './scheduler.ts'
import { SimServer } from './server.ts'
import { serverLine } from './server-line.ts'
import { Killed } from './sim-disk.ts'
import { createWorld, type Enrolled, type World } from './world.ts'

export interface SeedOrder {
  readonly seed: number
  /** What the people of one device do, at least. */
  readonly operations: number
  /** In place of what the seed draws. */
  readonly plan?: Partial<Plan>
}

export interface SeedResult {
  readonly seed: number
  readonly violations: readonly Violation[]
  readonly counts: Readonly<Record<string, number>>
  readonly virtualMs: number
  /** Of this process; PostgreSQL's comes on top. */
  readonly cpuMs: number
  /** Of the history and of the rows at the end: the same for the same seed and program. */
  readonly digest: string
  /** The last events, where something was violated. */
  readonly tail: readonly string[]
}

/** As long as a run may take before people are done, in virtual ms. */
const longestMs = 30 * 60_000
const tailLines = 60

/** Runs one seed from an empty database to the verdict. */
export const runSeed = async (database: Database, order: SeedOrder): Promise<SeedResult> => {
  const cpu = process.cpuUsage()
  const { seed } = order
  await database.empty()
  const world = await createWorld(database.sql, seed)
  const activity = createActivity()
  const scheduler = createScheduler(world.startMs, activity)
  const history = createHistory(scheduler.elapsed)
  const verdict = createVerdict(history)
  const folder = mkdtempSync(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'foyer-sim-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  process.once('exit', remove)
  const onRejection = (error: unknown): void => {
    if (!(error instanceof Killed)) verdict.check('engine', false, () => `unhandled rejection: ${stackOf(error)}`)
  }
  process.on('unhandledRejection', onRejection)
  const restore = [
    installGlobals({ scheduler, activity, chance: chanceOf(seed, 'global') }),
    watchCrypto(activity),
    () => process.off('unhandledRejection', onRejection),
    () => process.off('exit', remove),
    remove,
  ]
  const sql: Sql = (text, values) => activity.during(database.sql(text, values))
  let digest = ''
  try {
    await simulate({ database: { ...database, sql }, world, activity, scheduler, history, verdict, folder, order })
    digest = `${history.digest()} ${await fingerprintOf(sql, world)}`
  } catch (error) {
    verdict.check('engine', false, () => `the run fell over: ${stackOf(error)}`)
  } finally {
    for (const each of restore) each()
  }
  return {
    seed,
    violations: verdict.violations(),
    counts: { ...history.counts(), events: scheduler.events() },
    virtualMs: scheduler.elapsed(),
    cpuMs: cpuSince(cpu),
    digest,
    tail: verdict.violations().length > 0 ? history.tail(tailLines) : [],
  }
}

const cpuSince = (before: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error))

interface Run {
  readonly database: Database
  readonly world: World
  readonly activity: ReturnType<typeof createActivity>
  readonly scheduler: Scheduler
  readonly history: History
  readonly verdict: Verdict
  readonly folder: string
  readonly order: SeedOrder
}

const simulate = async (run: Run): Promise<void> => {
  const { world, activity, scheduler, history, verdict } = run
  const { seed } = world
  const plan = { ...drawPlan(chanceOf(seed, 'plan'), run.order.operations), ...run.order.plan }
  history.note('plan', JSON.stringify(plan))
  const server = serverOf(run)
  const journal = createJournal()
  const watch = createWatch(verdict, journal)
  const health = createHealthWatch(verdict, history)
  const lookers = { serve: server.handle, journal, watch, health, proveReruns: rerunProofOf(run, plan) }
  const devices = devicesOf(run, plan, lookers)
  const office = officeOf(run, server)
  const nemesis = createNemesis({ seed, plan, devices, server, scheduler, history })
  let isPaused = false
  let isOver = false
  const people = devices.map((device) =>
    createPerson({ world, device, scheduler, history, operations: plan.operations, isPaused: () => isPaused }),
  )
  await server.begin()
  if (plan.snapshots > 0) await server.makeSnapshots()
  const chance = chanceOf(seed, 'incidents')
  for (const device of devices) scheduler.after(startOf(run, plan, device), () => device.start())
  for (const person of people) person.begin()
  nemesis.begin()
  const pauseWork = (isOn: boolean): void => {
    isPaused = isOn
  }
  planIncidents(
    { ...run, devices, server, chance, office, journal, watch, health, pauseWork, isOver: () => isOver },
    plan,
  )
  const isFailed = (): boolean => verdict.violations().length > 0
  repeat(run, 'office hours', { mean: plan.office, work: office.work, isOff: () => isOver || isPaused })
  repeat(run, 'snapshots', { mean: plan.snapshots, work: server.makeSnapshots, isOff: () => isOver })
  const isDone = (): boolean => isFailed() || people.every((person) => person.isDone())
  const finished = await scheduler.runUntil(isDone, longestMs)
  const stuck = () => devices.filter((_device, index) => !people[index]?.isDone()).map(conditionOf)
  verdict.check('I9', finished, () => `people could not finish their work: ${stuck().join('; ')}`)

  isOver = true
  nemesis.calm()
  history.note('nemesis', 'all faults are over')
  await server.start()
  for (const device of devices) device.start()
  await judge(run, plan, { devices, journal, health, isFailed })
  for (const device of devices) {
    device.crash('kill', 0)
    device.isHeld = true
  }
  await scheduler.runUntil(() => false, 1)
  for (const { link } of devices) link.close()
  await server.end()
  await activity.silence()
}

/** Most begin with the day; one is bought later, when there is a snapshot of today as well. */
const startOf = ({ world }: Run, { snapshots, operations }: Plan, { name }: SimDevice): number => {
  const isNew = snapshots > 0 && name === world.devices[1]?.name
  const chance = chanceOf(world.seed, `start of ${name}`)
  return isNew ? chance.int(100 * operations, 400 * operations) : chance.int(0, 5000)
}

/** Not where rows are made wrong on purpose: a command that reads one shows what comes of it when it is run again. */
const rerunProofOf = (run: Run, { once }: Plan): ((device: SimDevice) => void) =>
  once.includes('a row goes wrong') || once.includes('put old files of the server back')
    ? () => undefined
    : createRerunProof({ ...run, chance: chanceOf(run.world.seed, 'reruns') })

const officeOf = ({ database, world, history }: Run, server: SimServer): ReturnType<typeof createOffice> =>
  createOffice({
    sql: database.sql,
    world,
    chance: chanceOf(world.seed, 'office'),
    history,
    announce: () => {
      for (const { id } of world.facilities) server.notify(id, 'desk')
    },
  })

const serverOf = ({ database, world, ...run }: Run): SimServer => {
  const line = serverLine(database.serverClient, run.activity)
  return new SimServer({ ...run, line, chance: chanceOf(world.seed, 'server') })
}

interface Judged {
  readonly devices: readonly SimDevice[]
  readonly journal: ReturnType<typeof createJournal>
  readonly health: HealthWatch
  readonly isFailed: () => boolean
}

/** All faults are over: everything drains, the devices prove their health, and the oracle looks at all of it. */
const judge = async (run: Run, { once }: Plan, { devices, journal, health, isFailed }: Judged): Promise<void> => {
  const isSpoiling = once.includes('a row goes wrong')
  const proof = { ...run, devices, health, isSpoiling, isFailed }
  const comeToRest = () => drain({ ...run, journal }, devices, isFailed)
  if (!isFailed() && once.includes('put old files of the server back')) await compareAll(proof)
  if (!isFailed()) await comeToRest()
  if (!isFailed()) await proveHealth(proof)
  if (!isFailed() && isSpoiling) await comeToRest()
  if (!isFailed()) await judgeTheEnd({ ...run, sql: run.database.sql, devices, journal })
}

/** For people who read a history. */
const conditionOf = (device: SimDevice): string => {
  const { store, name } = device
  if (!store) return `${name} is off`
  const { position, isComplete } = store.feedState
  return `${name} is at ${position}${isComplete ? '' : ', loading'}, shows ${device.reader() ? 'all' : 'nothing'}`
}

interface Repeated {
  /** Milliseconds; never with 0. */
  readonly mean: number
  readonly work: () => Promise<void>
  readonly isOff: () => boolean
}

/** Does the work again and again, whenever chance says. */
const repeat = ({ scheduler, world }: Run, name: string, { mean, work, isOff }: Repeated): void => {
  const chance = chanceOf(world.seed, name)
  if (mean === 0) return
  const next = (): void =>
    void scheduler.after(chance.pause(mean), () => {
      if (!isOff()) void work()
      next()
    })
  next()
}

interface Lookers {
  readonly serve: SimServer['handle']
  readonly journal: ReturnType<typeof createJournal>
  readonly watch: ReturnType<typeof createWatch>
  readonly health: HealthWatch
  readonly proveReruns: (device: SimDevice) => void
}

/** The computers of the academy, and where the plan has it one that becomes the copy of another one. */
const devicesOf = (run: Run, { once }: Plan, lookers: Lookers): readonly SimDevice[] => {
  const { devices, seed } = run.world
  const originals = devices.map((enrolled) => deviceOf(run, enrolled, lookers))
  if (!once.includes('copy a computer')) return originals
  const original = chanceOf(seed, 'copy').pick(originals)
  const enrolled = { ...original.enrolled, name: `${original.name}-copy` }
  return [...originals, deviceOf(run, enrolled, lookers, original)]
}

const deviceOf = (
  { world: { seed }, scheduler, activity, history, verdict, folder }: Run,
  enrolled: Enrolled,
  { serve, journal, watch, health, proveReruns }: Lookers,
  original?: SimDevice,
): SimDevice => {
  const { name } = enrolled
  return new SimDevice({
    enrolled,
    original,
    folder,
    scheduler,
    activity,
    history,
    chance: chanceOf(seed, name),
    link: new Link({ name, scheduler, history, chance: chanceOf(seed, `line of ${name}`), serve }),
    watcher: {
      saved: (device, envelope) => {
        journal.add(device, envelope)
        watch.drawn(device, envelope)
      },
      shown: (device) => {
        watch.look(device)
        proveReruns(device)
      },
      moved: watch.glance,
      crashed: watch.afterCrash,
      compared: health.told,
      waited: (device, command) => void verdict.check('I9', false, () => `${device.name}: ${command} waited`),
      failed: (device, what, error) =>
        void verdict.check('engine', false, () => `${device.name}: ${what}: ${stackOf(error)}`),
    },
  })
}
