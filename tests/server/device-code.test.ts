import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { academy, facility, newId } from '../support/academy.ts'
import { seedAcademy } from '../support/academy-pg.ts'
import { createFoyerDatabase, type FoyerDatabase } from '../support/foyer-database.ts'

const elsewhere = { id: newId(), name: 'Aqua West', facility_label: 'Site', color: '#112233' }
const namesake = facility({ id: newId(), organization_id: elsewhere.id, name: 'Werribee' })

let database: FoyerDatabase
beforeAll(async () => {
  database = await createFoyerDatabase()
  await seedAcademy(database.admin)
  await database.admin.insertInto('organizations').values(elsewhere).execute()
  await database.admin.insertInto('facilities').values(namesake).execute()
})
afterAll(() => database.drop())

/** `npm run device-code`, as an operator would start it. */
const deviceCode = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['sync-server/device-code-main.ts', ...args], {
    cwd: join(import.meta.dirname, '../..'),
    env: { PATH: process.env['PATH'], DATABASE_URL: database.serverUrl },
    encoding: 'utf8',
  })
  return { status, text: stdout + stderr }
}

const codes = async () => database.admin.selectFrom('device_codes').select('facility_id').execute()

test('a code is made for no facility whose name another organization has too; all of them are listed', async () => {
  for (const wanted of ['WER', 'werribee']) {
    const { status, text } = deviceCode(wanted)

    expect(status).toBe(1)
    for (const each of [academy.facility_id, namesake.id, elsewhere.name]) expect(text).toContain(each)
  }
  expect(await codes()).toEqual([])
})

test('a code is made for the facility with this id', async () => {
  const { status, text } = deviceCode(namesake.id)

  expect(status).toBe(0)
  expect(text).toContain('enrolls one desk at Werribee, Aqua West')
  expect(await codes()).toEqual([{ facility_id: namesake.id }])
})
