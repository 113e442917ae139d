import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { syncedTables } from '../../../src-shared/schema/tables.ts'
import type { Scope, Table } from '../../../src-shared/schema/table.ts'
import type { Sql } from '../database.ts'
import type { SimDevice } from '../device.ts'
import type { Row } from '../reader.ts'
import type { World } from '../world.ts'
import { type Journal, rowIdsOf } from './journal.ts'
import { numbersUsedOnce } from './numbers.ts'
import type { Verdict } from './verdict.ts'
import { savedIn } from './while-running.ts'

export interface EndParts {
  readonly sql: Sql
  readonly world: World
  readonly devices: readonly SimDevice[]
  readonly journal: Journal
  readonly verdict: Verdict
}

/** What must be so when all faults are over and everybody had time. */
export const judgeTheEnd = async (parts: EndParts): Promise<void> => {
  const truths = new Map<string, Truth>()
  for (const { id } of parts.world.facilities) truths.set(id, await truthOf(parts.sql, id))
  for (const device of parts.devices.filter(isWorking)) {
    sameRows(device, truths.get(device.enrolled.facility.id) ?? new Map(), parts.verdict)
  }
  await outcomes(parts)
  await numbersUsedOnce(parts)
  await money(parts)
  for (const device of parts.devices) isolated(device, parts)
}

/** A device that was revoked or switched off for good has sent what it has sent. */
const isWorking = ({ isRevoked, isGone }: SimDevice): boolean => !isRevoked && !isGone

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

interface Decided {
  readonly id: string
  readonly device_id: string
  readonly device_seq: number
  readonly command: string
  readonly outcome: string
  readonly code: string | null
  readonly body: string
}

/** I1, I2, I3: each acknowledged mutation has one outcome, and what was refused is kept as it was. */
const outcomes = async ({ sql, devices, journal, verdict }: EndParts): Promise<void> => {
  const rows = await sql<Decided>('select id, device_id, device_seq, command, outcome, code, body from mutations')
  const byId = new Map(rows.map((row) => [row.id, row]))
  for (const device of devices) {
    const lost = rows.find((row) => row.device_id === device.enrolled.id && row.command === 'work.lost')
    const isTrue = lost === undefined || journal.sharesNumbers(device)
    verdict.check('I1', isTrue, () => `${device.name} says that ${lost?.device_seq} is lost, and nobody lost anything`)
    const kept = device.isOn || device.isGone ? savedIn(device) : new Map<string, string>()
    for (const { envelope, text } of journal.of(device)) {
      const what = `${device.name}: ${envelope.command} ${envelope.seq}`
      const decided = byId.get(envelope.id)
      verdict.check('I1', decided !== undefined || kept.has(envelope.id), () => `${what} is nowhere`)
      if (decided === undefined && !isWorking(device)) continue
      if (!verdict.check('I2', decided !== undefined, () => `${what} has no outcome`)) continue
      const isSame = decided !== undefined && sameJson(decided.body, text)
      verdict.check('I3', isSame, () => `${what} is kept in another form: ${decided?.body}`)
      const isGap = decided?.code === 'sequence_gap' && !journal.sharesNumbers(device)
      verdict.check('I2', !isGap, () => `${what} was refused for its number`)
      const isForged = device.forgedLeases.has(envelope.lease_id)
      verdict.check('lease', !isForged || decided?.outcome !== 'applied', () => `${what} went through without a lease`)
      await oneEffect(sql, { what, decided, mutationId: envelope.id }, verdict)
    }
  }
  await told(sql, rows, verdict)
  changedOnes(rows, devices, verdict)
}

const sameJson = (a: string, b: string): boolean => sorted(JSON.parse(a)) === sorted(JSON.parse(b))

const sorted = (value: unknown): string =>
  JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  )

const effectTables = [
  'check_ins',
  'attendance_marks',
  'bookings',
  'payments',
  'receipts',
  'payment_allocations',
  'payment_voids',
]

interface Effected {
  readonly what: string
  readonly decided: Decided | undefined
  readonly mutationId: string
}

/** I2: what was refused has left nothing. */
const oneEffect = async (sql: Sql, { what, decided, mutationId }: Effected, verdict: Verdict): Promise<void> => {
  if (decided?.outcome !== 'refused') return
  const found = effectTables.map((table) => `select id from ${table} where id between $1 and $2`)
  const rows = await sql(found.join(' union all '), rowIdsOf(mutationId))
  verdict.check('I2', rows.length === 0, () => `${what} was refused and has ${rows.length} rows`)
}

/** I3, N3: what came under a known id with another body is kept, and never taken for the first. */
const changedOnes = (rows: readonly Decided[], devices: readonly SimDevice[], verdict: Verdict): void => {
  const refused = new Set(
    rows.filter(({ outcome }) => outcome === 'refused').map(({ body }) => sorted(JSON.parse(body))),
  )
  for (const { name, link } of devices) {
    for (const text of link.changed) {
      verdict.check('I3', refused.has(sorted(JSON.parse(text))), () => `${name}: a changed mutation is kept nowhere`)
    }
  }
}

/** I3: each refusal and merge is a row that comes down to every desk of its facility. */
const told = async (sql: Sql, rows: readonly Decided[], verdict: Verdict): Promise<void> => {
  const shown = new Set((await sql<{ id: string }>('select id from mutation_outcomes')).map(({ id }) => id))
  for (const { id, outcome, device_seq } of rows) {
    if (outcome === 'applied') continue
    verdict.check('I3', shown.has(id), () => `${outcome} mutation ${device_seq} (${id}) is told to nobody`)
  }
}

/** I6: money to the cent, and receipts. */
const money = async ({ sql, devices, journal, verdict }: EndParts): Promise<void> => {
  const paid = new Map(
    (await sql<{ id: string; amount: number }>('select id, amount from payments')).map(({ id, amount }) => [
      id,
      amount,
    ]),
  )
  const refused = new Set(
    (await sql<{ id: string }>("select id from mutations where outcome = 'refused'")).map(({ id }) => id),
  )
  for (const device of devices.filter(isWorking)) {
    for (const { envelope } of journal.of(device)) {
      if (envelope.command !== 'payment.take' || refused.has(envelope.id)) continue
      const { amount } = envelope.args as { readonly amount: number }
      const isSame = paid.get(rowIdsOf(envelope.id)[0]) === amount
      verdict.check('I6', isSame, () => `${device.name}: payment ${envelope.seq} of ${amount} is not on the server`)
    }
  }
  const [double] = await sql('select till_id, number from receipts group by till_id, number having count(*) > 1')
  verdict.check('I6', double === undefined, () => `two receipts have the same number: ${JSON.stringify(double)}`)
  const [over] = await sql(`
    select i.number from invoices i
    join lateral (select sum(total) as due from invoice_lines l where l.invoice_id = i.id) d on true
    join lateral (
      select sum(a.amount) as paid from payment_allocations a
      where a.invoice_id = i.id and not exists (select from payment_voids v where v.payment_id = a.payment_id)
    ) p on true
    where p.paid > d.due`)
  verdict.check(
    'I6',
    over === undefined,
    () => `more was allocated to an invoice than it asks for: ${JSON.stringify(over)}`,
  )
  await receiptNumbers({ sql, devices, journal, verdict })
}

/** Every number of a series up to its last one is a receipt, or a mutation that a person can see says why not. */
const receiptNumbers = async ({
  sql,
  devices,
  journal,
  verdict,
}: Pick<EndParts, 'sql' | 'devices' | 'journal' | 'verdict'>): Promise<void> => {
  for (const device of devices.filter(isWorking)) {
    const drawn = journal.of(device).flatMap(({ envelope }) => envelope.series_number ?? [])
    const found = await sql<{ number: number }>('select number from receipts where till_id = $1', [
      device.enrolled.till.id,
    ])
    const explained = await sql<{ number: number }>(
      `select (body::jsonb ->> 'series_number')::int as number from mutations
        where device_id = $1 and outcome <> 'applied' and body::jsonb ->> 'series_number' is not null`,
      [device.enrolled.id],
    )
    const known = new Set([...found, ...explained].map(({ number }) => number))
    const gap = drawn.find((number) => !known.has(number))
    verdict.check('I6', gap === undefined, () => `${device.name}: receipt ${gap} is missing without a reason`)
    const twice = drawn.find((number, index) => drawn.indexOf(number) !== index)
    verdict.check('I6', twice === undefined, () => `${device.name}: receipt ${twice} was drawn twice`)
  }
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
