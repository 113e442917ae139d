import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { leaveCode } from '../../../build/desk.ts'
import { startStack, type Stack } from '../../../build/stack.ts'
import { freePort } from '../../../sync-server/db/free-port.ts'

/** The demo academy with its server, as `npm start` runs it, on a folder of its own. */
export interface Academy extends Stack {
  /** The truth, past the server and its row-level security. */
  readonly sql: <Row>(text: string, values?: readonly unknown[]) => Promise<readonly Row[]>
  /** A folder for a desk of a facility (Werribee without one), with a code that enrolls it at its first start. */
  readonly newProfile: (facility?: string) => Promise<string>
  /** A folder for a desk that nobody has enrolled. */
  readonly emptyProfile: () => string
}

export const openAcademy = async (name: string): Promise<Academy> => {
  const folder = mkdtempSync(join(tmpdir(), `foyer-${name}-`))
  // As root PostgreSQL runs as another user, who must get to its folder in here.
  chmodSync(folder, 0o755)
  const dataFolder = join(folder, 'data')
  mkdirSync(dataFolder, { mode: 0o755 })
  // Not the usual port: another Foyer on this machine would take it while the server is stopped.
  writeFileSync(join(dataFolder, 'server-port'), String(await freePort()))
  const stack = await startStack({ dataFolder, fast: true })
  const client = new Client({ connectionString: stack.postgresUrl, application_name: 'foyer e2e' })
  await client.connect()
  let profiles = 0
  const emptyProfile = (): string => {
    profiles += 1
    return join(folder, `desk-${profiles}`)
  }
  return {
    ...stack,
    sql: async <Row>(text: string, values: readonly unknown[] = []) =>
      // The border: the caller knows what it selects.
      (await client.query(text, [...values])).rows as Row[],
    emptyProfile,
    newProfile: async (facility) => {
      const profileFolder = emptyProfile()
      leaveCode(profileFolder, await stack.createCode(facility), stack.serverUrl)
      return profileFolder
    },
    stop: async () => {
      await client.end()
      await stack.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
