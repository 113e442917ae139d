import type { MutationEnvelope } from '../../../src-shared/contract/http.ts'
import type { Sql } from '../database.ts'
import type { SimDevice } from '../device.ts'
import { type EndParts, isWorking } from './end-parts.ts'
import type { Acknowledged } from './journal.ts'
import { mayBeFewer, rowsMadeBy, stemOf, tablesOfRows } from './rows-made.ts'
import type { Verdict } from './verdict.ts'
import { savedIn } from './while-running.ts'

interface Decided {
  readonly id: string
  readonly device_id: string
  readonly device_seq: number
  readonly command: string
  readonly outcome: 'applied' | 'merged' | 'refused'
  readonly code: string | null
  readonly body: string
  readonly received: number
}

/** I1, I2, I3: each acknowledged mutation has one outcome and its effects, and what was refused is kept as it was. */
export const outcomes = async (parts: EndParts): Promise<void> => {
  const { sql, devices, journal, verdict } = parts
  const rows = await sql<Decided>(`select id, device_id, device_seq, command, outcome, code, body,
    (extract(epoch from received_at) * 1000)::float8 as received from mutations`)
  const byId = new Map(rows.map((row) => [row.id, row]))
  const made = await rowsOnServer(sql)
  for (const device of devices) {
    const lost = rows.find((row) => row.device_id === device.enrolled.id && row.command === 'work.lost')
    const isTrue = lost === undefined || journal.sharesNumbers(device)
    verdict.check('I1', isTrue, () => `${device.name} says that ${lost?.device_seq} is lost, and nobody lost anything`)
    const kept = device.isOn || device.isGone ? savedIn(device) : new Map<string, string>()
    for (const each of journal.of(device)) {
      const { id } = each.envelope
      const decided = byId.get(id)
      const what = nameOf(device, each)
      verdict.check('I1', decided !== undefined || kept.has(id), () => `${what} is nowhere`)
      if (decided === undefined && !isWorking(device)) continue
      verdict.check('I2', decided !== undefined, () => `${what} has no outcome`)
      if (decided) judgeOne(parts, { device, each, decided, made })
    }
    for (const each of journal.forgotten(device)) {
      const decided = byId.get(each.envelope.id)
      if (decided) judgeOne(parts, { device, each, decided, made })
    }
  }
  await told(parts, rows)
  changedOnes(rows, devices, verdict)
}

const nameOf = ({ name }: SimDevice, { envelope: { command, seq } }: Acknowledged): string =>
  `${name}: ${command} ${seq}`

type Made = ReadonlyMap<string, Readonly<Record<string, number>>>

/** How many rows of each table there are under the ids of each mutation. */
const rowsOnServer = async (sql: Sql): Promise<Made> => {
  const stem = (id: string): string => `left(${id}::text, ${stemOf(crypto.randomUUID()).length})`
  const each = tablesOfRows.map(
    (table) => `select ${stem('id')} as stem, '${table}' as name, count(*)::int as rows from ${table} group by 1`,
  )
  const found = await sql<{ stem: string; name: string; rows: number }>(each.join(' union all '))
  const made = new Map<string, Record<string, number>>()
  for (const { stem: of, name, rows } of found) made.set(of, { ...made.get(of), [name]: rows })
  return made
}

interface Judged {
  readonly device: SimDevice
  readonly each: Acknowledged
  readonly decided: Decided
  readonly made: Made
}

const judgeOne = ({ journal, verdict }: EndParts, { device, each, decided, made }: Judged): void => {
  const { envelope, text } = each
  const what = nameOf(device, each)
  verdict.check('I3', sameJson(decided.body, text), () => `${what} is kept in another form: ${decided.body}`)
  const isGap = decided.code === 'sequence_gap' && !journal.sharesNumbers(device)
  verdict.check('I2', !isGap, () => `${what} was refused for its number`)
  const isForged = device.forgedLeases.has(envelope.lease_id)
  verdict.check('lease', !isForged || decided.outcome !== 'applied', () => `${what} went through without a lease`)
  const isTooLate = device.isRevoked && decided.received > device.revokedAt
  verdict.check('revoked', !isTooLate || decided.outcome === 'refused', () => `${what} came after the revocation`)
  const found = made.get(stemOf(envelope.id)) ?? {}
  verdict.check(
    'I2',
    hasItsRows(envelope, decided, found),
    () => `${what} was ${decided.outcome} and has ${JSON.stringify(found)}`,
  )
}

/** A merged payment whose number another receipt has is kept without one. */
const fewerIfMerged = [...mayBeFewer, 'receipts']

const hasItsRows = (
  envelope: MutationEnvelope,
  { outcome }: Decided,
  found: Readonly<Record<string, number>>,
): boolean => {
  const wanted = outcome === 'refused' ? {} : rowsMadeBy(envelope)
  return tablesOfRows
    .filter((table) => outcome !== 'merged' || !fewerIfMerged.includes(table))
    .every((table) => (found[table] ?? 0) === (wanted[table] ?? 0))
}

const sameJson = (a: string, b: string): boolean => sorted(JSON.parse(a)) === sorted(JSON.parse(b))

const sorted = (value: unknown): string =>
  JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  )

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

interface Told {
  readonly id: string
  readonly command: string
  readonly args: string
}

/**
 * I3: each refusal and merge is a row that comes down to every desk of its facility and says what was asked; and out of the
 * inbox goes only what a person has settled.
 */
const told = async ({ sql, verdict }: EndParts, rows: readonly Decided[]): Promise<void> => {
  const shown = new Map(
    (await sql<Told>('select id, command, args from mutation_outcomes')).map((row) => [row.id, row] as const),
  )
  for (const { id, outcome, device_seq, command, body } of rows) {
    if (outcome === 'applied') continue
    const row = shown.get(id)
    const { args } = JSON.parse(body) as MutationEnvelope
    const isSame = row?.command === command && sorted(JSON.parse(row.args)) === sorted(args)
    verdict.check('I3', isSame, () => {
      const instead = row ? `told as ${row.command} ${row.args}` : 'told to nobody'
      return `${outcome} mutation ${device_seq} (${id}), ${command} ${JSON.stringify(args)}, is ${instead}`
    })
  }
  const settled = new Set(rows.filter(({ outcome }) => outcome !== 'refused').flatMap(settledBy))
  for (const { id } of await sql<{ id: string }>('select id from inbox_settlements')) {
    verdict.check('I3', settled.has(id), () => `${id} has left the inbox by itself`)
  }
}

const settledBy = ({ command, body }: Decided): readonly string[] => {
  if (!command.startsWith('inbox.')) return []
  const { outcome_id, also } = (JSON.parse(body) as { args: { outcome_id: string; also: readonly string[] } }).args
  return [outcome_id, ...also]
}
