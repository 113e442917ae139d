import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client } from 'pg'
import { startEmbeddedPostgres } from '../../sync-server/db/embedded.ts'
import { migrate } from '../../sync-server/db/migrate.ts'
import type { GeneratedFacility } from '../demo/generate.ts'
import { loadGeneratedFacility } from '../demo/load.ts'
import { startStack, type Stack } from '../stack.ts'
import { type BenchDesk, benchDesk, type FirstSync, firstSync } from './bench-desk.ts'

export interface PlaceOptions {
  readonly dataFolder: string
  readonly people: number
  readonly marks: number
  readonly log: (line: string) => void
}

/** A desk with what its first sync took. */
interface Enrolled {
  readonly desk: BenchDesk
  readonly firstSync: FirstSync
}

/** Where all benchmarks of a run take place: PostgreSQL with a generated facility, the sync server, and some desks. */
export interface Place {
  readonly folder: string
  readonly stack: Stack
  readonly facility: GeneratedFacility
  readonly log: (line: string) => void
  /** Runs SQL as superuser. */
  readonly sql: <T>(text: string, values?: readonly unknown[]) => Promise<readonly T[]>
  /** The first, second, … desk, running; made when it is first asked for. */
  readonly desk: (number: number) => Promise<Enrolled>
  /** The first desk, while the others are stopped. */
  readonly loneDesk: () => Promise<BenchDesk>
  readonly createCode: () => Promise<string>
  readonly stop: () => Promise<void>
}

const databaseName = 'foyer'

export const openPlace = async (options: PlaceOptions): Promise<Place> => {
  const { dataFolder, log } = options
  mkdirSync(dataFolder, { recursive: true, mode: 0o755 })
  const postgres = await startEmbeddedPostgres({ dataFolder: join(dataFolder, 'postgres') })
  const stops: (() => Promise<unknown>)[] = [postgres.stop]
  const stop = async (): Promise<void> => {
    for (const each of stops.splice(0).toReversed()) await each()
  }
  try {
    const facility = await prepareFacility(postgres.url, options)
    // It finds the facility there, and loads no demo.
    const stack = await startStack({ dataFolder })
    stops.push(stack.stop)
    const client = new Client({ connectionString: stack.postgresUrl, application_name: 'foyer bench' })
    await client.connect()
    stops.push(() => client.end())
    const sql: Place['sql'] = async <T>(text: string, values: readonly unknown[] = []) => {
      const { rows } = await client.query(text, [...values])
      // The caller says what it selects.
      return rows as readonly T[]
    }
    const createCode = async (): Promise<string> => {
      const [row] = await sql<{ code: string }>('select code from facilities where id = $1', [facility.facilityId])
      return stack.createCode(row?.code)
    }
    const desks: Promise<Enrolled>[] = []
    const enroll = async (number: number): Promise<Enrolled> => {
      const desk = benchDesk(join(dataFolder, `desk-${number}`))
      stops.push(desk.stop)
      log(`First sync of desk ${number} …`)
      return { desk, firstSync: await firstSync(desk, await createCode(), stack.serverUrl) }
    }
    const desk = async (number: number): Promise<Enrolled> => {
      const enrolled = await (desks[number] ??= enroll(number))
      if (!enrolled.desk.isRunning()) {
        enrolled.desk.start()
        await enrolled.desk.signIn()
      }
      return enrolled
    }
    const loneDesk = async (): Promise<BenchDesk> => {
      for (const [number, other] of desks.entries()) if (number > 1) await (await other)?.desk.stop()
      return (await desk(1)).desk
    }
    return { folder: dataFolder, stack, facility, log, sql, desk, loneDesk, createCode, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Generates the facility, unless an earlier run left the same one in the folder. */
const prepareFacility = async (clusterUrl: string, { dataFolder, people, marks, log }: PlaceOptions) => {
  const url = Object.assign(new URL(clusterUrl), { pathname: databaseName }).href
  const noteFile = join(dataFolder, `facility-${people}-${marks}.json`)
  for (const name of ['desk-1', 'desk-2']) rmSync(join(dataFolder, name), { recursive: true, force: true })
  const kept = readNote(noteFile)
  if (kept) return kept
  log(`Generating a facility of ${people} people and ${marks} attendance marks …`)
  const begin = Date.now()
  const client = new Client({ connectionString: clusterUrl })
  await client.connect()
  await client.query(`create database ${databaseName}`)
  await client.end()
  await migrate({ url })
  const facility = await loadGeneratedFacility({ url, people, marks, now: new Date().toISOString() })
  log(`… took ${Math.round((Date.now() - begin) / 1000)} s.`)
  writeFileSync(noteFile, JSON.stringify(facility))
  return facility
}

const readNote = (file: string): GeneratedFacility | undefined => {
  try {
    // Written by us, from a value of this type.
    return JSON.parse(readFileSync(file, 'utf8')) as GeneratedFacility
  } catch {
    return undefined
  }
}
