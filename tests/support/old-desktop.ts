import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { commands } from '../../src-shared/commands/index.ts'
import type { MutationEnvelope, MutationOutcome, MutationsResponse } from '../../src-shared/contract/http.ts'
import { toMutationId } from '../../src-shared/ids.ts'
import { serverTables, syncedTables } from '../../src-shared/schema/tables.ts'
import { signToken } from '../../sync-server/auth/tokens.ts'
import { v7 } from 'uuid'
import * as build from './academy.ts'
import { enrollDesk, type TestDesk } from './desk.ts'
import { startSyncServer, type TestServer } from './sync-server.ts'
import { until } from './until.ts'

/** The academy at which a desktop of an earlier version was recorded, and what the server held afterwards. */
export interface Place {
  readonly device: { readonly id: string; readonly facility_id: string; readonly organization_id: string }
  /** In the order in which they can be inserted. */
  readonly before: readonly TableRows[]
  readonly after: readonly TableRows[]
}

interface TableRows {
  readonly table: string
  readonly rows: readonly Readonly<Record<string, unknown>>[]
}

/** One command of it: the form of its arguments, each mutation as it was sent, and what became of it. */
export interface Recording {
  readonly command: string
  readonly version: number
  readonly args: unknown
  readonly sent: readonly { readonly envelope: MutationEnvelope; readonly outcome: Outcome }[]
}

type Outcome = Pick<MutationOutcome, 'outcome'> & { readonly code: string | null; readonly details: unknown }

const fixtures = path.resolve('tests/fixtures')

/** The recorded versions, such as `desktop-0.1.0`. */
export const recordedDesktops = async (): Promise<readonly string[]> => (await readdir(fixtures)).toSorted()

export const readDesktop = async (
  name: string,
): Promise<{ readonly place: Place; readonly recordings: readonly Recording[] }> => {
  const folder = path.join(fixtures, name)
  const files = (await readdir(folder)).filter((file) => file !== 'place.json')
  // Written by `record` below.
  const read = async <T>(file: string): Promise<T> => JSON.parse(await readFile(path.join(folder, file), 'utf8')) as T
  return {
    place: await read<Place>('place.json'),
    recordings: await Promise.all(files.map((file) => read<Recording>(file))),
  }
}

/** The form of a command's arguments, to be compared with an earlier one. */
export const formOf = (args: z.ZodType): unknown =>
  JSON.parse(JSON.stringify(z.toJSONSchema(args, { unrepresentable: 'any', io: 'input' })))

export const outcomeOf = ({ outcome, error }: MutationOutcome): Outcome => ({
  outcome,
  code: error?.code ?? null,
  details: error?.details ?? null,
})

/** Sends mutations as the device of a place. */
export const sendAs = async (
  server: TestServer,
  { id, facility_id, organization_id }: Place['device'],
  mutations: readonly unknown[],
): Promise<MutationsResponse> => {
  const claims = { deviceId: id, facilityId: facility_id, organizationId: organization_id }
  const { token } = await signToken(server.keys.token, claims, Date.now())
  const response = await fetch(`${server.url()}/v1/mutations`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ mutations }),
  })
  // The test looks at what is in it.
  return (await response.json()) as MutationsResponse
}

/** When the server did something is no part of what it did. */
const serverTimes = new Set(['decided_at', 'received_at'])

export const rowsOf = async (
  server: TestServer,
  tables: readonly string[],
  { organization_id }: Place['device'],
): Promise<readonly TableRows[]> =>
  Promise.all(
    tables.map(async (table) => {
      const found = await server.sql<{ row: Record<string, unknown> }>(
        `select to_jsonb(t) as row from ${table} t order by id`,
      )
      const rows = found
        .map(({ row }) => row)
        .filter((row) => (row['organization_id'] ?? organization_id) === organization_id)
      return {
        table,
        rows: rows.map((row) => Object.fromEntries(Object.entries(row).filter(([column]) => !serverTimes.has(column)))),
      }
    }),
  )

const syncedNames = Object.keys(syncedTables)
const serverNames = Object.keys(serverTables).filter((name) => name !== 'mutations')

/** Runs every command at a desk of this version, and keeps what it sends and what becomes of it. */
export const record = async (name: string): Promise<void> => {
  const server = await startSyncServer()
  const sent: { readonly envelope: MutationEnvelope; readonly outcome: Outcome }[] = []
  let isCut = false
  const desk = await enrollDesk(server, {
    fetch: async (input, init) => {
      if (isCut) throw new TypeError('fetch failed')
      const response = await fetch(input, init)
      const url = input instanceof Request ? input.url : input.toString()
      if (!url.endsWith('/v1/mutations') || !response.ok) return response
      const { mutations } = JSON.parse(init?.body as string) as { readonly mutations: readonly MutationEnvelope[] }
      const { outcomes } = (await response.clone().json()) as MutationsResponse
      for (const [index, envelope] of mutations.entries()) {
        const outcome = outcomes[index]
        if (outcome) sent.push({ envelope, outcome: outcomeOf(outcome) })
      }
      return response
    },
  })
  const [device] = await server.sql<Place['device']>(
    'select d.id, d.facility_id, f.organization_id from devices d join facilities f on f.id = d.facility_id',
  )
  if (!device) throw new Error('The desk is enrolled')
  const cancelled = await addSession(server)
  await until(() => desk.rows('sessions').length === 2 && desk.rows('students').length === 4)
  isCut = true
  await server.sql('update sessions set status = $2 where id = $1', [cancelled, 'cancelled'])
  const before = await rowsOf(server, [...syncedNames, ...serverNames], device)

  await workOffline(desk, server, cancelled)
  isCut = false
  const drained = () => until(async () => (await desk.data.status()).waiting === 0)
  await drained()
  await until(() => desk.rows('mutation_outcomes').length === 3)
  await settleInbox(desk, server)
  await drained()
  await sendLost(server, device, sent)

  const place: Place = { device, before, after: await rowsOf(server, syncedNames, device) }
  await write(name, place, sent)
  await desk.remove()
  await server.close()
}

/** A second session, with a child who is booked in it only. */
const addSession = async (server: TestServer): Promise<string> => {
  const { session, family, children } = server.counter
  const other = build.session({ class_id: session.class_id })
  const child = build.student({ first_name: 'Ana' })
  await server.insert('sessions', other)
  await server.insert('students', child)
  await server.insert('family_students', build.childOf(family, child))
  for (const { id } of [...children, child]) {
    await server.insert('bookings', build.booking({ session_id: other.id, student_id: id }))
  }
  return other.id
}

const checkIn = (desk: TestDesk, student_id: string, session_id: string) =>
  desk.command('check_in.record', { entries: [{ student_id, session_id }] })

const idOf = (desk: TestDesk, table: string, isIt: (row: Record<string, unknown>) => boolean): string => {
  const row = desk.rows(table).find(isIt)
  if (!row) throw new Error(`There is such a row in ${table}`)
  return String(row['id'])
}

/** The desk does not know that the other session was cancelled. */
const workOffline = async (desk: TestDesk, server: TestServer, cancelled: string): Promise<void> => {
  const { session, children, invoices } = server.counter
  const [mia, leo, ida] = children
  const ana = idOf(desk, 'students', ({ first_name }) => first_name === 'Ana')
  await checkIn(desk, mia.id, session.id)
  await checkIn(desk, leo.id, session.id)
  await desk.command('check_in.undo', {
    check_in_ids: [idOf(desk, 'check_ins', (row) => row['student_id'] === leo.id)],
  })
  const guardian_id = idOf(desk, 'guardians', () => true)
  await desk.command('check_out.record', { entries: [{ student_id: mia.id, session_id: session.id }], guardian_id })
  await checkIn(desk, leo.id, cancelled)
  await checkIn(desk, ida.id, cancelled)
  await desk.command('attendance.walk_in', { session_id: session.id, student_id: ana })
  const marks = [
    { student_id: mia.id, code: 'present', note: null },
    { student_id: leo.id, code: 'absent', note: 'Ill' },
    { student_id: ida.id, code: 'present', note: 'Late' },
  ]
  await desk.command('attendance.mark', { session_id: session.id, marks })
  await desk.command('roll.close', { session_id: session.id })
  await desk.command('attendance.mark', {
    session_id: session.id,
    marks: [{ student_id: leo.id, code: 'present', note: null }],
  })
  await pay(desk, server, 6400, invoices[0].id)
  await pay(desk, server, 2000, invoices[0].id)
  const payment_id = idOf(desk, 'payments', ({ amount }) => amount === 6400)
  await desk.command('payment.void', { payment_id, reason: 'Wrong family' })
}

const pay = (desk: TestDesk, { counter }: TestServer, amount: number, invoice_id: string) =>
  desk.command('payment.take', {
    family_id: counter.family.id,
    method_id: counter.cash.id,
    amount,
    tendered: amount + 600,
    reference: null,
    allocations: [{ invoice_id, amount, already_paid: 0 }],
  })

const settleInbox = async (desk: TestDesk, server: TestServer): Promise<void> => {
  const { session, children } = server.counter
  const items = desk.rows('mutation_outcomes').toSorted((a, b) => Number(a['device_seq']) - Number(b['device_seq']))
  const [first, second, merged] = items.map(({ id }) => String(id))
  const args = { entries: [{ student_id: children[1].id, session_id: session.id }] }
  const again = {
    outcome_id: first,
    also: [],
    note: 'Into the other class',
    command: 'check_in.record',
    version: 1,
    args,
  }
  await desk.command('inbox.redo', again)
  await desk.command('inbox.drop', { outcome_id: second, also: [], note: 'She went home' })
  await desk.command('inbox.accept', { outcome_id: merged, also: [], note: null })
}

/** What a desk sends in the place of something that its disk has lost. */
const sendLost = async (
  server: TestServer,
  device: Place['device'],
  sent: { envelope: MutationEnvelope; outcome: Outcome }[],
): Promise<void> => {
  const last = sent.at(-1)?.envelope
  if (!last) throw new Error('Something was sent')
  const lost = { command: 'work.lost', version: 1, args: { last_saved_at: last.at }, series_number: null }
  const envelope = { ...last, id: toMutationId(v7()), seq: last.seq + 1, ...lost }
  const { outcomes } = await sendAs(server, device, [envelope])
  for (const outcome of outcomes) sent.push({ envelope, outcome: outcomeOf(outcome) })
}

const write = async (name: string, place: Place, sent: Recording['sent']): Promise<void> => {
  const folder = path.join(fixtures, name)
  await mkdir(folder, { recursive: true })
  const save = async (file: string, value: unknown): Promise<void> =>
    writeFile(path.join(folder, file), `${JSON.stringify(value, undefined, 2)}\n`)
  await save('place.json', place)
  for (const { name: command, version, args } of commands) {
    const own = sent.filter(({ envelope }) => envelope.command === command && envelope.version === version)
    const recording: Recording = { command, version, args: formOf(args), sent: own }
    await save(`${command}-${version}.json`, recording)
  }
}
