import type { Sql } from './database.ts'
import type { History } from './history.ts'
import type { Chance } from './random.ts'
import type { World } from './world.ts'

export interface OfficeParts {
  readonly sql: Sql
  readonly world: World
  readonly chance: Chance
  readonly history: History
  /** The logs of both facilities may have grown. */
  readonly announce: () => void
}

/** Whoever else writes to PostgreSQL, in plain SQL: the log must carry all of it. */
export interface Office {
  readonly work: () => Promise<void>
  /** What a careless operator tries, and PostgreSQL must refuse or carry. */
  readonly meddle: () => Promise<void>
}

export const createOffice = (parts: OfficeParts): Office => {
  const { sql, chance, history, announce } = parts
  let number = 0
  const one = async (query: string, ...values: readonly unknown[]): Promise<string | undefined> => {
    const rows = await sql<{ id: string }>(`${query} order by id`, values)
    return rows.length === 0 ? undefined : chance.pick(rows).id
  }
  const deeds = deedsOf({ ...parts, one, nextNumber: () => (number += 1) })

  const attempt = async (what: string, deed: () => Promise<unknown>): Promise<void> => {
    history.note('office', what)
    history.count(`office ${what}`)
    try {
      await deed()
    } catch (error) {
      // A constraint that was in the way: nothing has changed.
      await sql('rollback')
      history.count(`office refused ${error instanceof Error && 'code' in error ? String(error.code) : 'otherwise'}`)
    }
    announce()
  }
  return {
    async work() {
      const what = chance.weighted(deedWeights)
      await attempt(what, deeds[what])
    },
    async meddle() {
      const what = chance.pick(['truncate', 'new column', 'new table'] as const)
      await attempt(what, meddlings(sql, chance)[what])
    },
  }
}

const deedWeights = {
  'cancel a session': 2,
  'move a session': 3,
  'put a session off': 1,
  'open a roll again': 2,
  'rename a family': 4,
  'add an invoice': 5,
  'book a child': 4,
  'cancel a booking': 3,
  'remove a health note': 2,
  'add a health note': 3,
  'link a family': 3,
  'unlink a family': 2,
  'add a guardian': 2,
  'remove a guardian': 2,
  'archive a method': 1,
  'take a role away': 1,
} as const

type Deed = keyof typeof deedWeights

interface DeedParts extends OfficeParts {
  readonly one: (query: string, ...values: readonly unknown[]) => Promise<string | undefined>
  readonly nextNumber: () => number
}

const deedsOf = (parts: DeedParts): Record<Deed, () => Promise<unknown>> => ({
  ...withClasses(parts),
  ...withFamilies(parts),
  'add an invoice': () => addInvoice(parts),
})

const familyDeeds = [
  'rename a family',
  'add a health note',
  'remove a health note',
  'link a family',
  'unlink a family',
  'add a guardian',
  'remove a guardian',
] as const
type FamilyDeed = (typeof familyDeeds)[number]
type ClassDeed = Exclude<Deed, FamilyDeed | 'add an invoice'>

const withClasses = ({ sql, chance, one, world }: DeedParts): Record<ClassDeed, () => Promise<unknown>> => {
  const session = () => one('select id from sessions')
  return {
    'cancel a session': async () => sql("update sessions set status = 'cancelled' where id = $1", [await session()]),
    'move a session': async () =>
      sql("update sessions set starts_at = '18:00', ends_at = '18:45' where id = $1", [await session()]),
    // Beyond what a snapshot of today has.
    'put a session off': async () => sql('update sessions set date = date + 21 where id = $1', [await session()]),
    'open a roll again': async () =>
      sql("update sessions set roll_closed_at = null, roll_closed_by = null, status = 'scheduled' where id = $1", [
        await session(),
      ]),
    'book a child': async () => {
      const at = chance.pick(world.facilities)
      await sql(
        `insert into bookings (id, facility_id, session_id, student_id, enrollment_id, kind, cancelled_at)
          values ($1, $2, $3, $4, null, 'makeup', null)`,
        [
          chance.uuid(),
          at.id,
          await one('select id from sessions where facility_id = $1', at.id),
          await one('select id from students'),
        ],
      )
    },
    'cancel a booking': async () =>
      sql('update bookings set cancelled_at = $2 where id = $1', [
        await one('select id from bookings where cancelled_at is null'),
        new Date(world.startMs).toISOString(),
      ]),
    'archive a method': async () =>
      sql("update payment_methods set archived_at = $1 where kind = 'card_terminal'", [
        new Date(world.startMs + chance.int(0, 600_000)).toISOString(),
      ]),
    'take a role away': async () => {
      const instructor = world.staff.find(({ role }) => role === 'instructor')
      await sql('update role_assignments set ended_at = $2 where staff_id = $1', [
        instructor?.id,
        new Date(world.startMs).toISOString(),
      ])
    },
  }
}

const withFamilies = ({ sql, chance, one, world }: DeedParts): Record<FamilyDeed, () => Promise<unknown>> => {
  const family = () => one('select id from families')
  const student = () => one('select id from students')
  return {
    'rename a family': async () =>
      sql('update families set note = $2 where id = $1', [await family(), `Note ${chance.int(1, 999)} é 🙂`]),
    'add a health note': async () =>
      sql(
        `insert into health_items (id, student_id, kind, severity, name, action)
          values ($1, $2, 'allergy', 'serious', 'Peanuts', null)`,
        [chance.uuid(), await student()],
      ),
    'remove a health note': async () =>
      sql('delete from health_items where id = $1', [await one('select id from health_items')]),
    'link a family': async () =>
      sql('insert into family_facilities (id, family_id, facility_id) values ($1, $2, $3)', [
        chance.uuid(),
        // Only those that belong to nobody in particular: the others stand for what must stay apart.
        await one("select id from families where name like '%both%'"),
        chance.pick(world.facilities).id,
      ]),
    'unlink a family': async () =>
      sql('delete from family_facilities where id = $1', [
        await one(
          "select l.id from family_facilities l join families f on f.id = l.family_id where f.name like '%both%'",
        ),
      ]),
    'add a guardian': async () =>
      sql(
        `insert into guardians (id, family_id, first_name, last_name, relationship, phone, phone_e164, email, priority)
          values ($1, $2, 'Ben', 'Berg', 'father', null, null, null, 2)`,
        [chance.uuid(), await family()],
      ),
    'remove a guardian': async () =>
      sql('delete from guardians where id = $1', [await one('select id from guardians where priority = 2')]),
  }
}

/** An invoice and its lines, in one transaction; the number says how many lines there are. */
const addInvoice = async ({ sql, chance, one, nextNumber, world }: DeedParts): Promise<void> => {
  const lines = chance.int(2, 5)
  const at = chance.pick(world.facilities)
  const family = await one('select family_id as id from family_facilities where facility_id = $1', at.id)
  const invoice = chance.uuid()
  await sql('begin')
  await sql(
    `insert into invoices (id, family_id, facility_id, number, status, currency, issued_on, due_on)
      values ($1, $2, $3, $4, 'sent', 'AUD', '2026-11-01', '2026-11-30')`,
    [invoice, family, at.id, `S${lines}-${nextNumber()}`],
  )
  for (let line = 0; line < lines; line += 1) {
    await sql(
      `insert into invoice_lines (id, family_id, invoice_id, student_id, enrollment_id, description, quantity,
          unit_amount, total, tax_name, tax_amount)
        values ($1, $2, $3, null, null, 'Line', 1, 1000, 1000, null, 0)`,
      [chance.uuid(), family, invoice],
    )
  }
  await sql('commit')
}

const meddlings = (sql: Sql, chance: Chance) => ({
  truncate: async () => {
    // Were it to go through, the oracle would see that money is gone, and rows that replicas still show.
    await sql(`truncate ${chance.pick(['payments', 'attendance_marks', 'guardians'])} cascade`)
  },
  'new column': async () => {
    await sql('alter table families add column if not exists sim_hint text')
    await sql("update families set sim_hint = 'later' where id in (select id from families order by id limit 2)")
  },
  'new table': async () => {
    await sql(`begin;
      set local role foyer_owner;
      create table sim_lockers (id uuid primary key, facility_id uuid not null references facilities);
      select sync_follow('sim_lockers', 'facility', 'facility_id', 'desk');
      commit`)
    await sql('insert into sim_lockers select $1, id from facilities order by id limit 1', [chance.uuid()])
  },
})
