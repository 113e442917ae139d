import { isValidPhoneNumber } from 'libphonenumber-js'
import { describe, expect, test } from 'vitest'
import { demoAcademy } from '../../build/demo/academy.ts'
import { tablesInOrder } from '../../build/demo/draft.ts'
import { demoSignIns } from '../../build/demo/story.ts'
import { effectiveMark } from '../../src-shared/rules/attendance.ts'
import { receiptContent, receiptLabel } from '../../src-shared/rules/receipt.ts'
import { rowSchema } from '../../src-shared/schema/derive.ts'
import type { Table } from '../../src-shared/schema/table.ts'
import { serverTables, syncedTables } from '../../src-shared/schema/tables.ts'
import { addDays, dateAt } from '../../src-shared/time.ts'
import { byId, noon, outstandingOf, sumOf, zone } from '../support/demo-rows.ts'

const academy = demoAcademy(noon)
const today = dateAt(noon, zone)

describe('the demo academy', () => {
  test('has two facilities, three programs, and some 170 children in some 80 families', () => {
    expect(academy.organizations).toHaveLength(1)
    expect(academy.facilities.map(({ code }) => code)).toEqual(['WER', 'GEE'])
    expect(academy.programs.map(({ name }) => name)).toEqual(['Swimming', 'Football', 'Basketball'])
    expect(academy.students.length).toBeGreaterThanOrEqual(120)
    expect(academy.families.length).toBeGreaterThanOrEqual(75)
    expect(academy.families.length).toBeLessThanOrEqual(90)
  })

  test('has families with one to four children, and children with two households', () => {
    const childrenOf = Map.groupBy(academy.family_students, ({ family_id }) => family_id)
    const familiesOf = Map.groupBy(academy.family_students, ({ student_id }) => student_id)

    const sizes = new Set([...childrenOf.values()].map((own) => own.length))
    const inTwo = [...familiesOf.values()].filter((own) => own.length === 2)

    expect(sizes).toEqual(new Set([1, 2, 3, 4]))
    expect(inTwo.length).toBeGreaterThanOrEqual(3)
    expect(familiesOf.size).toBe(academy.students.length)
  })

  test('has rows that the definitions accept', () => {
    const tables: Readonly<Record<string, Table>> = { ...syncedTables, ...serverTables }

    const wrong = tablesInOrder.flatMap((name) => {
      const schema = tables[name] && rowSchema(tables[name])
      return academy[name]
        .map((row) => schema?.safeParse(row).error?.message)
        .filter((message) => message !== undefined)
    })

    expect(wrong).toEqual([])
  })

  test('is the same for the same seed and instant, and another one for another seed', () => {
    expect(demoAcademy(noon)).toEqual(academy)
    expect(demoAcademy(noon, 7).students).not.toEqual(academy.students)
  })

  test('has names that programs stumble over', () => {
    const names = academy.families.map(({ name }) => name)

    expect(names.some((name) => name.length === 40)).toBe(true)
    expect(names).toContain("O'Sullivan")
    expect(names).toContain('Fitzgerald-Okonkwo')
    expect(names.some((name) => /\p{Script=Arabic}/u.test(name))).toBe(true)
    expect(names.some((name) => /\p{Script=Han}/u.test(name))).toBe(true)
    expect(names.some((name) => name !== name.normalize('NFD'))).toBe(true)
    expect(academy.students.some(({ preferred_name }) => preferred_name === 'Max')).toBe(true)
  })

  test('has phones that can be called and cards that are one family’s', () => {
    const cards = academy.families.map(({ card_code }) => card_code)

    expect(academy.guardians.every(({ phone_e164 }) => isValidPhoneNumber(phone_e164 ?? ''))).toBe(true)
    expect(new Set(cards).size).toBe(academy.families.length)
  })

  test('has a business number whose check digits are right', () => {
    const weights = [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]

    for (const { registration_number } of academy.facilities) {
      const digits = (registration_number ?? '').replaceAll(' ', '').split('').map(Number)
      const sum = sumOf(weights.map((weight, index) => weight * ((digits[index] ?? 0) - (index === 0 ? 1 : 0))))
      expect(digits).toHaveLength(11)
      expect(sum % 89).toBe(0)
    }
  })

  test('shares no name and no password between roles', () => {
    expect(new Set(demoSignIns.map(({ sign_in_name }) => sign_in_name)).size).toBe(demoSignIns.length)
    expect(new Set(demoSignIns.map(({ password }) => password)).size).toBe(demoSignIns.length)
    expect(new Set(demoSignIns.map(({ role }) => role)).size).toBe(demoSignIns.length)
  })
})

describe('the timetable of the demo academy', () => {
  const sessions = byId(academy.sessions)
  const standing = academy.bookings.filter(({ cancelled_at }) => cancelled_at === null)

  test('reaches three months to either side of today', () => {
    const dates = academy.sessions.map(({ date }) => date).toSorted()

    expect(dates[0]?.localeCompare(addDays(today, -88))).toBeLessThanOrEqual(0)
    expect(dates.at(-1)?.localeCompare(addDays(today, 88))).toBeGreaterThanOrEqual(0)
  })

  test('books no child, space or instructor twice at a time', () => {
    const booked = Map.groupBy(standing, ({ session_id }) => session_id)
    const taken = academy.sessions.flatMap((session) => {
      const ids = [
        session.space_id,
        session.instructor_id,
        ...(booked.get(session.id) ?? []).map(({ student_id }) => student_id),
      ]
      return ids.filter((id) => id !== null).map((id) => ({ id, session }))
    })

    const clashes = [...Map.groupBy(taken, ({ id, session }) => `${id} ${session.date}`).values()].flatMap((same) => {
      const inOrder = same.map(({ session }) => session).toSorted((a, b) => (a.starts_at < b.starts_at ? -1 : 1))
      return inOrder.filter((next, index) => index > 0 && (inOrder[index - 1]?.ends_at ?? '') > next.starts_at)
    })

    expect(clashes).toEqual([])
  })

  test('books only children whose family knows the facility', () => {
    const visible = new Set(
      academy.family_students.flatMap(({ student_id, family_id }) =>
        academy.family_facilities
          .filter((link) => link.family_id === family_id)
          .map(({ facility_id }) => `${student_id} ${facility_id}`),
      ),
    )

    expect(academy.bookings.filter((row) => !visible.has(`${row.student_id} ${row.facility_id}`))).toEqual([])
  })

  test('never books more children than a session takes, walk-ins apart', () => {
    const booked = Map.groupBy(
      standing.filter(({ kind }) => kind !== 'walk_in'),
      ({ session_id }) => session_id,
    )

    for (const [id, own] of booked) expect(own.length).toBeLessThanOrEqual(sessions.get(id)?.capacity ?? 0)
  })

  test('has make-ups, trials and walk-ins', () => {
    const kinds = new Set(academy.bookings.map(({ kind }) => kind))

    expect([...kinds].toSorted()).toEqual(['makeup', 'regular', 'trial', 'walk_in'])
  })

  test('has past sessions with every kind of mark, and some places without any', () => {
    const past = standing.filter(({ session_id }) => (sessions.get(session_id)?.date ?? today) < today)
    const marked = new Set(academy.attendance_marks.map((mark) => `${mark.session_id} ${mark.student_id}`))
    const unmarked = past.filter((row) => !marked.has(`${row.session_id} ${row.student_id}`))

    expect(new Set(academy.attendance_marks.map(({ code }) => code)).size).toBe(6)
    expect(unmarked.length).toBeGreaterThan(0)
    expect(unmarked.length).toBeLessThan(past.length / 5)
  })

  test('closes a roll only when everybody has a mark', () => {
    const closed = academy.sessions.filter(({ roll_closed_at }) => roll_closed_at !== null)
    const marks = Map.groupBy(academy.attendance_marks, (mark) => `${mark.session_id} ${mark.student_id}`)
    const booked = Map.groupBy(standing, ({ session_id }) => session_id)

    const unmarked = closed
      .flatMap(({ id }) => booked.get(id) ?? [])
      .filter((row) => effectiveMark(marks.get(`${row.session_id} ${row.student_id}`) ?? []) === undefined)

    expect(closed.length).toBeGreaterThan(500)
    expect(unmarked).toEqual([])
  })
})

describe('the money of the demo academy', () => {
  const owed = outstandingOf(academy)

  test('never pays more of an invoice than it asks for', () => {
    expect(owed.filter(({ left }) => left < 0)).toEqual([])
  })

  test('has paid, overdue and partly paid invoices, and families with credit', () => {
    const allocated = Map.groupBy(academy.payment_allocations, ({ payment_id }) => payment_id)
    const credits = academy.payments.map(
      ({ id, amount }) => amount - sumOf((allocated.get(id) ?? []).map((part) => part.amount)),
    )

    expect(owed.filter(({ left }) => left === 0).length).toBeGreaterThan(owed.length / 2)
    expect(owed.filter(({ left, invoice }) => left > 0 && invoice.due_on < today).length).toBeGreaterThan(5)
    expect(owed.filter(({ left, total }) => left > 0 && left < total).length).toBeGreaterThan(3)
    expect(credits.filter((credit) => credit > 0).length).toBeGreaterThan(3)
    expect(credits.filter((credit) => credit < 0)).toEqual([])
  })

  test('charges GST as an eleventh of each line', () => {
    for (const line of academy.invoice_lines) {
      expect(line.total).toBe(line.quantity * line.unit_amount)
      expect(Math.abs(line.tax_amount * 11 - line.total)).toBeLessThanOrEqual(5.5)
    }
  })

  test('numbers invoices and receipts without gaps, receipts in the order of time', () => {
    const numbers = academy.invoices.map(({ number }) => Number(number.slice(-6))).toSorted((a, b) => a - b)
    const first = numbers[0] ?? 0

    expect(academy.invoices.every(({ number }) => /^INV-20\d\d-\d{6}$/.test(number))).toBe(true)
    expect(numbers).toEqual(numbers.map((_, index) => first + index))
    for (const till of academy.tills) {
      const own = academy.receipts.filter(({ till_id }) => till_id === till.id)
      expect(own.map(({ number }) => number)).toEqual(own.map((_, index) => index + 1))
      expect(own.every(({ number, label }) => label === receiptLabel(till.code, number))).toBe(true)
      expect(own.map(({ issued_at }) => issued_at)).toEqual(own.map(({ issued_at }) => issued_at).toSorted())
    }
  })

  test('keeps receipts that say what was paid, to the cent', () => {
    const payments = byId(academy.payments)

    for (const { content, payment_id } of academy.receipts) {
      const printed = receiptContent.parse(JSON.parse(content))
      const payment = payments.get(payment_id)
      expect(printed.total).toBe(payment?.amount)
      expect(sumOf(printed.lines.map(({ paid }) => paid))).toBe(printed.total)
      expect(printed.change).toBe(payment?.tendered == null ? null : payment.tendered - payment.amount)
      expect(printed.change ?? 0).toBeGreaterThanOrEqual(0)
    }
  })

  test('was taken back a few times', () => {
    expect(academy.payment_voids.length).toBeGreaterThan(0)
  })
})
