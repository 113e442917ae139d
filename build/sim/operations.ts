import { z } from 'zod'
import { defineCommand } from '../../src-shared/commands/command.ts'
import { type AnyCommand, findCommand } from '../../src-shared/commands/index.ts'
import { DomainError } from '../../src-shared/errors.ts'
import { askedOf } from '../../src-shared/rules/inbox.ts'
import { permissions, permissionsWithoutLease } from '../../src-shared/permissions.ts'
import { runQuery } from '../../src-main/data/replica/read.ts'
import type { Actor } from '../../src-main/data/outbox/enqueue.ts'
import type { SimDevice } from './device.ts'
import type { History } from './history.ts'
import type { Chance } from './random.ts'
import type { Reader } from './reader.ts'
import type { StaffMember } from './world.ts'

export interface OperationParts {
  readonly device: SimDevice
  readonly reader: Reader
  readonly chance: Chance
  readonly history: History
  readonly staff: StaffMember
}

const weights = {
  'check_in.record': 24,
  'check_in.undo': 5,
  'check_out.record': 9,
  'attendance.mark': 22,
  'attendance.walk_in': 6,
  'roll.close': 3,
  'payment.take': 16,
  'payment.void': 3,
  'inbox.accept': 2,
  'inbox.drop': 2,
  'inbox.redo': 4,
  query: 10,
  poison: 2,
} as const

type Kind = keyof typeof weights

/** One thing that a person does at the counter, drawn from what the screen could show. */
export const operate = async (parts: OperationParts): Promise<void> => {
  const { device, chance, history } = parts
  const kind = chance.weighted(weights)
  history.count(`operation ${kind}`)
  if (kind === 'query') return ask(parts)
  if (kind === 'poison') return poison(parts)
  const args = draw[kind](parts)
  if (!args) return undefined
  await device.run(findCommand(kind, 1), chance.happens(2) ? spoiled(args, chance) : args, actorOf(parts))
  return undefined
}

/** Who is signed in, with what the roles in the replica and the lease allow. */
const actorOf = ({ device, reader, staff }: OperationParts): Actor => {
  const lease = device.enrolled.leases.get(staff.id)
  const rows = reader.all(
    `select distinct granted.permission from role_assignments assignment
      join role_permissions granted on granted.role_id = assignment.role_id
      where assignment.staff_id = ? and assignment.ended_at is null`,
    staff.id,
  )
  const names = new Set(rows.map(({ permission }) => permission))
  const isOver = new Date(device.now()).toISOString() > (lease?.notAfter ?? '')
  const allowed = (isOver ? permissionsWithoutLease : permissions).filter((permission) => names.has(permission))
  return { staffId: staff.id, leaseId: lease?.id ?? staff.id, permissions: new Set(allowed) }
}

const one = (reader: Reader, chance: Chance, from: string): ReturnType<Reader['all']>[number] | undefined => {
  const count = Number(reader.value(`select count(*) ${from}`))
  return count === 0 ? undefined : reader.all(`select * ${from} limit 1 offset ?`, chance.int(0, count - 1))[0]
}

const booked = 'from bookings where cancelled_at is null order by id'

const places = ({ reader, chance }: OperationParts): readonly { student_id: unknown; session_id: unknown }[] => {
  const first = one(reader, chance, booked)
  if (!first) return []
  const same = reader.all(
    'select student_id, session_id from bookings where session_id = ? and cancelled_at is null order by id',
    first['session_id'] ?? null,
  )
  return same.slice(0, chance.int(1, 4)).map(({ student_id, session_id }) => ({ student_id, session_id }))
}

type Draw = (parts: OperationParts) => object | undefined

const draw: Record<Exclude<Kind, 'query' | 'poison'>, Draw> = {
  'check_in.record': (parts) => {
    const entries = places(parts)
    return entries.length === 0 ? undefined : { entries }
  },
  'check_in.undo': ({ reader, chance }) => {
    const event = one(reader, chance, "from check_ins where kind <> 'undo' order by id")
    return event && { check_in_ids: [event['id']] }
  },
  'check_out.record': ({ reader, chance }) => {
    const event = one(reader, chance, "from check_ins where kind = 'in' order by id")
    if (!event) return undefined
    const guardian = one(reader, chance, 'from guardians order by id')
    const entry = { student_id: event['student_id'], session_id: event['session_id'] }
    return { entries: [entry], guardian_id: chance.happens(30) ? guardian?.['id'] : null }
  },
  'attendance.mark': (parts) => {
    const entries = places(parts)
    if (entries.length === 0) return undefined
    const code = parts.chance.pick(['present', 'late', 'absent', 'excused', 'not_recorded'])
    const note = parts.chance.happens(20) ? `Ünïcode ${parts.chance.int(1, 999)} 🏊` : null
    return { session_id: entries[0]?.session_id, marks: entries.map(({ student_id }) => ({ student_id, code, note })) }
  },
  'attendance.walk_in': ({ reader, chance }) => {
    const session = one(reader, chance, 'from sessions order by id')
    const student = one(reader, chance, 'from students order by id')
    return session && student && { session_id: session['id'], student_id: student['id'] }
  },
  'roll.close': ({ reader, chance }) => {
    const session = one(reader, chance, 'from sessions order by id')
    return session && { session_id: session['id'] }
  },
  'payment.take': (parts) => payment(parts),
  'payment.void': ({ reader, chance }) => {
    const paid = one(reader, chance, 'from payments order by id')
    return paid && { payment_id: paid['id'], reason: `Mistake ${chance.int(1, 99)}` }
  },
  'inbox.accept': (parts) => {
    const item = openItem(parts)
    return item && { ...withWhatFollows(parts, item), note: null }
  },
  'inbox.drop': (parts) => {
    const item = openItem(parts)
    return item && { ...withWhatFollows(parts, item), note: 'Not needed' }
  },
  'inbox.redo': (parts) => {
    const item = openItem(parts)
    if (!item) return undefined
    const { command, version, args } = askedOf(item)
    const changed = parts.chance.happens(50) && isDrawn(command) ? draw[command](parts) : undefined
    return { ...withWhatFollows(parts, item), note: null, command, version, args: changed ?? args }
  },
}

const isDrawn = (command: string): command is keyof typeof draw => Object.hasOwn(draw, command)

interface OpenItem {
  readonly id: string
  readonly command: string
  readonly version: number
  readonly args: string
}

const openItem = ({ reader, chance }: OperationParts): OpenItem | undefined =>
  // The columns of the table have these types.
  one(reader, chance, 'from mutation_outcomes where id not in (select id from inbox_settlements) order by id') as
    | OpenItem
    | undefined

const withWhatFollows = ({ reader }: OperationParts, { id }: OpenItem) => ({
  outcome_id: id,
  also: reader
    .all('select id from mutation_outcomes where caused_by = ? order by id limit 9', id)
    .map((row) => row['id']),
})

const payment: Draw = ({ reader, chance }) => {
  const family = one(reader, chance, 'from families order by id')
  const method = one(reader, chance, 'from payment_methods where archived_at is null order by sort, id')
  if (!family || !method) return undefined
  const amount = chance.int(1, 80) * 100
  const invoices = reader.all('select id from invoices where family_id = ? order by id', family['id'] ?? null)
  const invoice = invoices.length > 0 && chance.happens(80) ? chance.pick(invoices) : undefined
  return {
    family_id: family['id'],
    method_id: method['id'],
    amount,
    tendered: method['kind'] === 'cash' && chance.happens(50) ? amount + chance.int(0, 9) * 100 : null,
    reference: method['reference_label'] === null ? null : `slip ${chance.int(1, 9999)}`,
    allocations: invoice ? [{ invoice_id: invoice['id'], amount, already_paid: 0 }] : [],
  }
}

/** Arguments that no window sends. */
const spoiled = (args: object, chance: Chance): unknown =>
  chance.pick<unknown>([
    { ...args, surplus: true },
    null,
    JSON.parse(JSON.stringify(args).replace(/[0-9a-f]{8}-/, 'ffffffff-')),
    { ...args, entries: [], marks: [], reason: 'NUL \0 and \ud800' },
  ])

/** A command of another version of the program: saved there, unknown here and at the server. */
const unknownCommand = defineCommand({
  name: 'future.command',
  version: 7,
  args: z.unknown(),
  permission: 'check_ins.record',
  apply: async () => undefined,
}) as unknown as AnyCommand

/** What the server will refuse although it was saved here (FAULTS S6). */
const poison = async (parts: OperationParts): Promise<void> => {
  const { device, chance } = parts
  const actor = actorOf(parts)
  if (chance.happens(50)) {
    await device.run(unknownCommand, { anything: chance.int(1, 99) }, actor)
    return
  }
  const command = chance.pick(['check_in.record', 'payment.take'] as const)
  const args = draw[command](parts)
  const leaseId = chance.uuid()
  device.forgedLeases.add(leaseId)
  if (args) await device.run(findCommand(command, 1), args, { ...actor, leaseId })
}

const ask = async (parts: OperationParts): Promise<void> => {
  const { device, reader, chance, staff } = parts
  const { store, enrolled } = device
  if (!store) return
  const now = new Date(device.now()).toISOString()
  const family_id = one(reader, chance, 'from families order by id')?.['id']
  const session_id = one(reader, chance, 'from sessions order by id')?.['id']
  const [name, args] = chance.pick<readonly [string, unknown]>([
    ['counter.search', { text: chance.pick(['berg', 'mia', 'anna 1', '0400', "'; drop"]), now }],
    ['counter.expected', { now }],
    ['counter.family', { family_id, now }],
    ['payments.due', { family_id, now }],
    ['payments.of_family', { family_id }],
    ['classes.today', { now }],
    ['classes.roll', { session_id, now }],
  ])
  const context = { facilityId: enrolled.facility.id, deviceId: enrolled.id, staffId: staff.id }
  try {
    await runQuery(store.replica.reads, name, args, { ...context, permissions: actorOf(parts).permissions })
  } catch (error) {
    if (!(error instanceof DomainError)) device.judge(`query ${name}`, error)
  }
}
