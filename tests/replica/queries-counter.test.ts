import { describe, expect, test } from 'vitest'
import { permissions } from '../../src-shared/permissions.ts'
import { counterExpected } from '../../src-shared/queries/expected.ts'
import { counterFamily } from '../../src-shared/queries/family.ts'
import { counterSearch } from '../../src-shared/queries/search.ts'
import {
  booking,
  checkIn,
  childOf,
  contextWith,
  facility,
  family,
  invoice,
  invoiceLine,
  newId,
  session,
  staffMember,
  student,
} from '../support/academy.ts'
import { counterReplica, dolphins, now } from '../support/counter-replica.ts'
import type { MemoryReplica } from '../support/replica-memory.ts'

const { replica, addFamily } = counterReplica()

const sheetOf = (family_id: string, granted = new Set(permissions)) =>
  counterFamily.run(replica().db, { family_id, now }, contextWith(granted))

describe('counter.expected', () => {
  test('groups who is still to come by start, and counts who is in', async () => {
    replica().insert('classes', dolphins)
    const berg = addFamily('Berg', ['Mia', 'Leo'], '16:30')
    addFamily('Ash', ['Ida'], '17:00')
    const [mia] = berg.students
    const meeting = replica().sqlite.prepare("select id from sessions where starts_at = '16:30'").pluck().get()
    replica().insert('check_ins', checkIn({ session_id: String(meeting), student_id: mia?.id ?? '' }))

    const starts = await counterExpected.run(replica().db, { now }, contextWith())

    expect(starts.map(({ starts_at, booked, checked_in }) => [starts_at, booked, checked_in])).toEqual([
      ['16:30', 2, 1],
      ['17:00', 1, 0],
    ])
    expect(starts.map(({ families }) => families.map(({ name }) => name))).toEqual([['Berg'], ['Ash']])
  })

  test('leaves out sessions that are over or cancelled, and families that are all in', async () => {
    const over = session({ class_id: dolphins.id, starts_at: '15:00', ends_at: '16:00' })
    const cancelled = session({ class_id: dolphins.id, starts_at: '17:00', status: 'cancelled' })
    const open = session({ class_id: dolphins.id })
    const home = family()
    const mia = student()
    replica().insert('classes', dolphins)
    replica().insert('sessions', over, cancelled, open)
    replica().insert('families', home)
    replica().insert('students', mia)
    replica().insert('family_students', childOf(home, mia))
    for (const { id } of [over, cancelled, open]) {
      replica().insert('bookings', booking({ session_id: id, student_id: mia.id }))
    }
    replica().insert('check_ins', checkIn({ session_id: open.id, student_id: mia.id }))

    const starts = await counterExpected.run(replica().db, { now }, contextWith())

    expect(starts.map(({ starts_at, families }) => [starts_at, families.length])).toEqual([['16:30', 0]])
  })

  test('leaves out what has begun with everybody in', async () => {
    replica().insert('classes', dolphins)
    const { students } = addFamily('Berg', ['Mia'], '16:00')
    const [mia] = students
    const meeting = replica().sqlite.prepare('select id from sessions').pluck().get()
    replica().insert('check_ins', checkIn({ session_id: String(meeting), student_id: mia?.id ?? '' }))

    const starts = await counterExpected.run(replica().db, { now }, contextWith())

    expect(starts).toEqual([])
  })

  test('lists no later starts than it has families for', async () => {
    replica().insert('classes', dolphins)
    for (let n = 0; n < 41; n += 1) addFamily(`Sander${n}`, ['Kim'], '17:00')
    addFamily('Zoll', ['Sia'], '18:00')

    const starts = await counterExpected.run(replica().db, { now }, contextWith())

    expect(starts.map(({ starts_at, families }) => [starts_at, families.length])).toEqual([['17:00', 40]])
  })
})

describe('counter.family', () => {
  test('shows what each child has today, with kind, window and presence', async () => {
    const lane = { id: newId(), facility_id: facility().id, name: 'Lane 3', kind: 'lane', capacity: null } as const
    const meeting = session({ class_id: dolphins.id, space_id: lane.id, instructor_id: staffMember().id })
    const home = family()
    const mia = student({ birth_date: '2019-03-14' })
    replica().insert('classes', dolphins)
    replica().insert('spaces', lane)
    replica().insert('sessions', meeting)
    replica().insert('families', home)
    replica().insert('students', mia)
    replica().insert('family_students', childOf(home, mia))
    replica().insert('bookings', booking({ session_id: meeting.id, student_id: mia.id, kind: 'makeup' }))
    replica().insert(
      'check_ins',
      checkIn({ session_id: meeting.id, student_id: mia.id, at: '2026-11-21T05:12:00.000Z' }),
    )

    const sheet = await sheetOf(home.id)

    expect(sheet?.students[0]).toMatchObject({ first_name: 'Mia', age: 7, next_session: null })
    expect(sheet?.students[0]?.sessions).toMatchObject([
      {
        class_name: 'Dolphins 2',
        space_name: 'Lane 3',
        instructor_name: 'Sam Lee',
        booking_kind: 'makeup',
        window: 'open',
        in: { at: '2026-11-21T05:12:00.000Z' },
        out: null,
      },
    ])
  })

  test('shows the next session when there is none today', async () => {
    const later = session({ class_id: dolphins.id, date: '2026-12-05' })
    const next = session({ class_id: dolphins.id, date: '2026-11-28' })
    const cancelled = session({ class_id: dolphins.id, date: '2026-11-24', status: 'cancelled' })
    const home = family()
    const mia = student()
    replica().insert('classes', dolphins)
    replica().insert('sessions', later, next, cancelled)
    replica().insert('families', home)
    replica().insert('students', mia)
    replica().insert('family_students', childOf(home, mia))
    for (const { id } of [later, next, cancelled]) {
      replica().insert('bookings', booking({ session_id: id, student_id: mia.id }))
    }

    const sheet = await sheetOf(home.id)

    expect(sheet?.students[0]?.sessions).toEqual([])
    expect(sheet?.students[0]?.next_session).toMatchObject({ date: '2026-11-28', starts_at: '16:30' })
  })

  test('owes sent invoices less standing payments, the oldest unpaid one since its due date', async () => {
    const home = family()
    const old = invoice({ family_id: home.id, due_on: '2026-10-31' })
    const draft = invoice({ family_id: home.id, status: 'draft' })
    replica().insert('families', home)
    replica().insert('invoices', old, draft)
    replica().insert(
      'invoice_lines',
      ...[old, draft].map(({ id }) => invoiceLine({ family_id: home.id, invoice_id: id })),
    )

    const sheet = await sheetOf(home.id)

    expect(sheet?.balance).toEqual({ currency: 'AUD', amount: 6400, oldest_due_on: '2026-10-31', oldest_days: 21 })
  })

  test('gives medical facts and money only to roles that may read them, but says that there is a medical note', async () => {
    const home = family()
    const mia = student()
    replica().insert('families', home)
    replica().insert('students', mia)
    replica().insert('family_students', childOf(home, mia))
    for (const [name, severity] of [
      ['Hay fever', 'info'],
      ['Peanuts', 'life_threatening'],
    ] as const) {
      replica().insert('health_items', {
        id: newId(),
        student_id: mia.id,
        kind: 'allergy',
        severity,
        name,
        action: null,
      })
    }

    const open = await sheetOf(home.id)
    const closed = await sheetOf(home.id, new Set(['families.read'] as const))

    expect(open?.students[0]?.health?.map(({ name }) => name)).toEqual(['Peanuts', 'Hay fever'])
    expect(closed?.students[0]).toMatchObject({ health: null, health_count: 2 })
    expect(closed?.balance).toBeNull()
    expect(JSON.stringify(closed)).not.toContain('Peanuts')
  })

  test('is null for a family that is not here', async () => {
    await expect(sheetOf(newId())).resolves.toBeNull()
  })
})

describe('the plans of the counter', () => {
  const planOf = (run: (replica: MemoryReplica) => Promise<unknown>): Promise<readonly string[]> =>
    plansOf(replica(), run)

  test('read no table from end to end when a family is searched', async () => {
    replica().insert('classes', dolphins)
    addFamily('Berg', ['Mia'], '16:30')
    replica().indexSearch()

    const steps = await planOf(({ db }) => counterSearch.run(db, { text: 'ber', now }, contextWith()))

    expect(steps.filter((step) => /^SCAN (?!search_index VIRTUAL|matching)/.test(step))).toEqual([])
    expect(steps.some((step) => step.startsWith('SCAN search_index VIRTUAL TABLE INDEX'))).toBe(true)
  })

  test('start at the student, not at the day, when a family is opened', async () => {
    replica().insert('classes', dolphins)
    const { home } = addFamily('Berg', ['Mia'], '16:30')

    const steps = await planOf(({ db }) => counterFamily.run(db, { family_id: home.id, now }, contextWith()))

    expect(steps.filter((step) => step.startsWith('SCAN'))).toEqual([])
    expect(steps.some((step) => /SEARCH booking USING (?:COVERING )?INDEX bookings_by_student_id/.test(step))).toBe(
      true,
    )
  })
})

/** The query plan of everything that a query asks of SQLite. */
const plansOf = async (
  { sqlite, db }: MemoryReplica,
  run: (replica: MemoryReplica) => Promise<unknown>,
): Promise<readonly string[]> => {
  const asked: { readonly sql: string; readonly parameters: readonly unknown[] }[] = []
  const watched = db.withPlugin({
    transformQuery: ({ node }) => node,
    transformResult: ({ result }) => Promise.resolve(result),
  })
  const executor = watched.getExecutor()
  const original = executor.executeQuery.bind(executor)
  executor.executeQuery = (query, ...rest) => {
    asked.push(query)
    return original(query, ...rest)
  }
  await run({ db: watched } as MemoryReplica)
  return asked.flatMap(({ sql, parameters }) =>
    (sqlite.prepare(`explain query plan ${sql}`).all(...parameters) as { readonly detail: string }[]).map(
      ({ detail }) => detail,
    ),
  )
}
