import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { syncedTables } from '../../../src-shared/schema/tables.ts'
import type { Scope, Table } from '../../../src-shared/schema/table.ts'
import type { Sql } from '../database.ts'
import type { SimDevice } from '../device.ts'
import type { Row } from '../reader.ts'
import type { World } from '../world.ts'
import { type EndParts, isWorking } from './end-parts.ts'
import { money } from './money.ts'
import { numbersUsedOnce } from './numbers.ts'
import { outcomes } from './outcomes.ts'
import type { Verdict } from './verdict.ts'

/** What must be so when all faults are over and everybody had time. */
export const judgeTheEnd = async (parts: EndParts): Promise<void> => {
  const truths = new Map<string, Truth>()
  for (const { id } of parts.world.facilities) truths.set(id, await truthOf(parts.sql, id))
  for (const device of parts.devices.filter(isWorking)) {
    sameRows(device, truths.get(device.enrolled.facility.id) ?? new Map(), parts.verdict)
    everybodyFound(device, parts.verdict)
  }
  await outcomes(parts)
  await numbersUsedOnce(parts)
  await money(parts)
  for (const device of parts.devices) {
    isolated(device, parts)
    const { name, isWriting } = device
    parts.verdict.check('I9', !isWriting, () => `${name}: a local write has never come to its end`)
  }
}

/** Rows by table and id, in one canonical form. */
type Truth = ReadonlyMap<string, ReadonlyMap<string, string>>

const tables: readonly Table[] = Object.values(syncedTables)

const columnOf = (scope: Scope): string => (scope.kind === 'server' ? 'id' : scope.column)

const keysOf = ({ kind }: Scope): string => {
  const families = 'select family_id from family_facilities where facility_id = $1'
  if (kind === 'facility') return 'select $1::uuid'
  if (kind === 'organization') return 'select organization_id from facilities where id = $1'
  if (kind === 'family') return families
  return `select student_id from family_students where family_id in (${families})`
}

/** What a device of this facility must hold, asked of PostgreSQL's own tables. */
const truthOf = async (sql: Sql, facilityId: string): Promise<Truth> => {
  const text = tables
    .map(
      ({ name, scope }) =>
        `select '${name}' as name, id, to_jsonb(r) as image from ${name} r where ${columnOf(scope)} in (${keysOf(scope)})`,
    )
    .join(' union all ')
  const rows = await sql<{ name: string; id: string; image: Row }>(text, [facilityId])
  return new Map(
    tables.map((table) => [
      table.name,
      new Map(
        rows.filter(({ name }) => name === table.name).map(({ id, image }) => [id, canonical(table, image)] as const),
      ),
    ]),
  )
}

/** Instants and times are written in two ways; everything else is the same on both sides. */
const canonical = (table: Table, row: Row): string =>
  JSON.stringify(
    Object.entries(table.columns).map(([name, { pg }]) => {
      const value = row[name] ?? null
      if (typeof value !== 'string') return value
      if (pg.startsWith('timestamp')) return Date.parse(value)
      return pg === 'time' ? value.slice(0, 5) : value
    }),
  )

/** I4. */
const sameRows = (device: SimDevice, truth: Truth, verdict: Verdict): void => {
  const reader = device.reader()
  if (!verdict.check('I4', reader !== undefined, () => `${device.name} shows nothing`)) return
  for (const table of tables) {
    const wanted = truth.get(table.name) ?? new Map<string, string>()
    const found = new Map(
      reader?.all(`select * from ${table.name}`).map((row) => [String(row['id']), canonical(table, row)] as const),
    )
    const differing = [...new Set([...wanted.keys(), ...found.keys()])].filter((id) => wanted.get(id) !== found.get(id))
    verdict.check('I4', differing.length === 0, () => {
      const [id = ''] = differing
      const sides = `here ${found.get(id) ?? 'missing'}, server ${wanted.get(id) ?? 'missing'}`
      return `${device.name}: ${table.name} differs in ${differing.length} rows, such as ${id}: ${sides}`
    })
  }
}

/** Whoever is there is found at the counter, by the name that they have. */
const everybodyFound = (device: SimDevice, verdict: Verdict): void => {
  const missing = device.reader()?.value(
    `select name from families as family where not exists (
      select 1 from search_index where search_index.family_id = family.id and terms like '%' || lower(substr(name, 1, 4)) || '%')`,
  )
  verdict.check('search', missing === undefined, () => `${device.name}: nobody finds ${String(missing)}`)
}

/** I7: nothing of the other facility, and nothing that can be read without the key. */
const isolated = (device: SimDevice, { world, verdict }: EndParts): void => {
  const own = device.enrolled.facility
  const other = world.facilities.find(({ id }) => id !== own.id)
  const reader = device.reader()
  const names = reader?.all(
    "select name from sqlite_schema where type = 'table' and name not like '%index\\_%' escape '\\'",
  )
  for (const { name } of names ?? []) {
    const text = JSON.stringify(reader?.all(`select * from "${String(name)}"`))
    verdict.check(
      'I7',
      !text.includes(other?.canary ?? '\0'),
      () => `${device.name}: ${String(name)} has a row of ${other?.name}`,
    )
  }
  if (!existsSync(device.folder)) return
  for (const file of readdirSync(device.folder)) {
    const bytes = readFileSync(path.join(device.folder, file))
    const found = [own.canary, other?.canary ?? own.canary].some((canary) => bytes.includes(canary))
    verdict.check('I7', !found, () => `${device.name}: ${file} can be read without the key`)
  }
}

/** Of all that the server holds, to see that two runs of a seed are the same. */
export const fingerprintOf = async (sql: Sql, world: World): Promise<string> => {
  const hash = createHash('sha256')
  for (const { id } of world.facilities) {
    for (const [name, rows] of await truthOf(sql, id)) hash.update(`${name} ${[...rows.values()].toSorted().join()}`)
  }
  return hash.digest('hex').slice(0, 12)
}
