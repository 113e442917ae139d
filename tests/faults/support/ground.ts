import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Pool } from 'pg'
import { prepareServer, type ServerProcess } from '../../../build/server.ts'
import { createDeviceCode } from '../../../sync-server/auth/codes.ts'
import { hashPassword } from '../../../sync-server/auth/sign-in.ts'
import { freePort } from '../../../sync-server/db/free-port.ts'
import { openPostgres, type Postgres } from '../../../sync-server/db/postgres.ts'
import { academy } from '../../support/academy.ts'
import { type Counter, counterRows } from '../../support/counter-rows.ts'
import { createFoyerDatabase } from '../../support/foyer-database.ts'
import { removeFolder } from '../../support/store.ts'
import { password, signInName } from '../../support/sync-server.ts'
import { type DeskProcess, startDeskProcess } from './desk-process.ts'
import { type Proxy, startProxy } from './proxy.ts'

export interface Urls {
  readonly adminUrl: string
  readonly serverUrl: string
}

/** A server and desks as processes, with a line that can fail between each two of them. */
export interface Ground {
  readonly folder: string
  readonly counter: Counter
  readonly server: ServerProcess
  /** Between desks and server. */
  readonly line: Proxy
  /** Between server and PostgreSQL. */
  readonly databaseLine: Proxy
  /** Of the superuser, past the line. */
  readonly truth: Postgres
  /** On the line of all, unless it brings one of its own. */
  readonly newDesk: (name: string, own?: Proxy) => Promise<DeskProcess>
  /** Another line to the server. */
  readonly newLine: () => Promise<Proxy>
  /** Starts an enrolled desk again that was killed. */
  readonly startDesk: (name: string) => DeskProcess
  /** The folder of a desk. */
  readonly profileOf: (name: string) => string
  /** Another PostgreSQL has the truth now. */
  readonly truthAt: (adminUrl: string) => Postgres
  /** Starts the server again after it was killed. */
  readonly startServer: () => Promise<void>
  readonly close: () => Promise<void>
}

/** On a database of the server that all tests share. */
export const sharedGround = async (): Promise<Ground> => {
  const { adminUrl, serverUrl, drop } = await createFoyerDatabase()
  return openGround({ adminUrl, serverUrl }, drop)
}

export const openGround = async ({ adminUrl, serverUrl }: Urls, drop: () => Promise<void>): Promise<Ground> => {
  const folder = mkdtempSync(path.join(tmpdir(), 'foyer-ground-'))
  const counter = counterRows()
  await seed(adminUrl, counter)
  const databaseLine = await startProxy(Number(new URL(serverUrl).port))
  const databaseUrl = Object.assign(new URL(serverUrl), { port: String(databaseLine.port) }).href
  // Short holds, so that the end of a test does not wait for them.
  const env = { POLL_SECONDS: '2', DEVICE_REQUESTS: '100000', ADDRESS_REQUESTS: '100000' }
  // Not the usual one: while this server is down, that of another test could take it and turn the desks away.
  writeFileSync(path.join(folder, 'server-port'), String(await freePort()))
  const server = prepareServer({ dataFolder: folder, databaseUrl, env })
  await server.start()
  const line = await startProxy(portOf(server))
  const lines = [line]
  const truth = openPostgres({ url: adminUrl })
  const truths = [truth]
  const desks: DeskProcess[] = []
  const profileOf = (name: string): string => path.join(folder, name)
  const startDesk = (name: string): DeskProcess => {
    const desk = startDeskProcess(profileOf(name))
    desks.push(desk)
    return desk
  }
  return {
    startDesk,
    folder,
    counter,
    server,
    line,
    databaseLine,
    truth,
    profileOf,
    newLine: async () => {
      const own = await startProxy(portOf(server))
      lines.push(own)
      return own
    },
    newDesk: async (name, own = line) => {
      const desk = startDesk(name)
      const { code } = await createDeviceCode(truth.db, enrollment, Date.now())
      await desk.call('device.enroll', { code, name, server_url: `http://127.0.0.1:${own.port}` })
      await desk.signIn()
      return desk
    },
    truthAt: (url) => {
      const other = openPostgres({ url })
      truths.push(other)
      return other
    },
    startServer: async () => {
      await server.start()
      line.setUpstream(portOf(server))
    },
    close: async () => {
      for (const desk of desks) if (desk.isRunning()) await desk.kill9()
      for (const each of lines) await each.close()
      await server.kill()
      await databaseLine.close()
      for (const each of truths.splice(0)) await each.close()
      await drop()
      removeFolder(folder)
    },
  }
}

const enrollment = { facilityId: academy.facility_id, audience: 'desk', createdBy: null, minutes: 10 } as const
const portOf = ({ url }: ServerProcess): number => Number(new URL(url).port)

const seed = async (url: string, { rows }: Counter): Promise<void> => {
  const pool = new Pool({ connectionString: url, max: 1 })
  const insert = (table: string, row: object) =>
    pool.query(`insert into ${table} select * from jsonb_populate_record(null::${table}, $1)`, [JSON.stringify(row)])
  for (const [table, list] of Object.entries(rows)) {
    // Devices enroll themselves.
    if (table === 'devices' || table === 'tills') continue
    for (const row of list) await insert(table, row)
  }
  await insert('staff_credentials', {
    id: academy.staff_id,
    organization_id: academy.organization_id,
    sign_in_name: signInName,
    password_hash: await hashPassword(password),
  })
  await pool.end()
}
