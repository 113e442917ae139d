import { describe, expect, test } from 'vitest'
import type { MutationEnvelope } from '../../../src-shared/contract/http.ts'
import { rowIdsOf } from '../../../src-shared/ids.ts'
import { factsOf } from '../../../src-shared/rules/inbox-facts.ts'
import { newId } from '../../support/academy.ts'
import { inboxServer, type Item } from '../../support/inbox-server.ts'

const { server, device, other, newSession, newChild, newPlace, payment, mark, itemOf, insteadOf, send, at } =
  inboxServer()

describe('an item says what was asked', () => {
  test('as it was sent, to the byte, with the time of the click', async () => {
    const args = { entries: [{ session_id: newId(), student_id: newId() }] }

    const mutation = await send(device(), 'check_in.record', args, { at: '2019-01-01T00:00:00.000Z' })

    const item = await itemOf(mutation)
    expect(item.args).toBe(JSON.stringify(args))
    expect(item).toMatchObject({ version: 1, command: 'check_in.record', caused_by: null, suggestion: 'look' })
    expect(new Date(item.at ?? '').toISOString()).toBe('2019-01-01T00:00:00.000Z')
  })

  const poison: readonly [string, (good: MutationEnvelope) => object, Partial<Item>][] = [
    ['a NUL', (good) => ({ ...good, args: { text: 'a\0b' } }), { args: '{"text":"a\\u0000b"}', code: 'bad_text' }],
    ['a lone surrogate', (good) => ({ ...good, args: ['\uD800'] }), { args: '["\\ud800"]', code: 'bad_text' }],
    ['no arguments', (good) => ({ ...good, args: undefined }), { args: 'null', code: 'invalid_input' }],
    ['a time that is none', (good) => ({ ...good, at: 'soon' }), { at: null, code: 'invalid_input' }],
    ['no form at all', ({ id, seq }) => ({ id, seq }), { command: '', version: 0, at: null, staff_id: null }],
    ['an unknown command', (good) => ({ ...good, command: 'locker.rent' }), { suggestion: 'tell_support' }],
    [
      'ids that are none',
      (good) => ({ ...good, args: { entries: [{ student_id: '5', session_id: "'; --" }] } }),
      { instead: '[]', code: 'invalid_input' },
    ],
  ]
  test.each(poison)('also of what cannot be carried out (S6): %s', async (_name, spoil, expected) => {
    const own = await server().enroll()
    const good = await own.mutation('check_in.record', { entries: [await newPlace()] })
    const bad = spoil(good)

    await own.send(bad)

    expect(await itemOf(good)).toMatchObject({ outcome: 'refused', ...expected })
    const [kept] = await server().sql('select body from mutations where id = $1', [good.id])
    expect(kept).toEqual({ body: JSON.stringify(bad) })
  })
})

describe('an item of what is long', () => {
  test('tells the short parts and how long it was, and the whole is kept', async () => {
    const args = { ...payment(), allocations: [], note: 'x'.repeat(900_000) }

    const mutation = await send(device(), 'payment.take', args)

    const item = await itemOf(mutation)
    const { note: _long, ...short } = args
    expect(JSON.parse(item.args)).toEqual({ ...short, shortened_from: JSON.stringify(args).length })
    const [kept] = await server().sql<{ body: string }>('select body from mutations where id = $1', [mutation.id])
    expect(kept?.body).toContain(JSON.stringify(args))
  })

  test('still says what it is about, and what the server has instead', async () => {
    const place = await newPlace()
    await send(other(), 'check_in.record', { entries: [place] })

    const mutation = await send(device(), 'check_in.record', { entries: [place], note: 'x'.repeat(900_000) })

    expect(await insteadOf(mutation)).toMatchObject([{ kind: 'check_in', student_id: place.student_id }])
  })

  test('looks for no more than fifty of the ids that it names', async () => {
    const place = await newPlace()
    await send(other(), 'check_in.record', { entries: [place] })
    const unknown = Array.from({ length: 49 }, () => ({ session_id: place.session_id, student_id: newId() }))

    const few = await send(device(), 'check_in.record', { entries: [...unknown, place], wrong: true })
    const many = await send(device(), 'check_in.record', {
      entries: [{ student_id: newId() }, ...unknown, place],
      wrong: true,
    })

    expect((await insteadOf(few)).length).toBe(1)
    expect(await insteadOf(many)).toEqual([])
  })
})

describe('an item says what the server has instead', () => {
  test('of a mark: the one that counts, who made it and where, and that the roll is closed', async () => {
    const place = await newPlace()
    await send(other(), 'attendance.mark', mark(place, 'absent'))
    await send(other(), 'check_in.record', { entries: [place] })
    await send(other(), 'roll.close', { session_id: place.session_id })
    await server().sql("delete from role_permissions where permission = 'attendance.correct'")

    const late = await send(device(), 'attendance.mark', mark(place))

    expect(await itemOf(late)).toMatchObject({ code: 'roll_closed', suggestion: 'ask_manager' })
    expect(await insteadOf(late)).toEqual([
      { kind: 'roll_closed', session_id: place.session_id, ...at(other()), device_id: null },
      { kind: 'mark', ...place, code: 'absent', source: 'instructor', ...at(other()) },
      { kind: 'check_in', ...place, direction: 'in', ...at(other()) },
    ])
  })

  test('of a payment for what is paid: the payment that paid it, with its receipt; and nothing of its own (B1)', async () => {
    const [{ id: invoice_id }] = server().counter.invoices
    const allocations = [{ invoice_id, amount: 6400, already_paid: 0 }]
    const first = await send(other(), 'payment.take', payment({ amount: 6400, allocations }))

    const second = await send(device(), 'payment.take', payment({ amount: 6400, allocations }))

    expect(await itemOf(second)).toMatchObject({ outcome: 'merged', suggestion: 'credit_or_refund' })
    expect(await insteadOf(second)).toEqual([
      {
        kind: 'payment',
        payment_id: rowIdsOf(first.id)(),
        invoice_id,
        amount: 6400,
        receipt: expect.stringMatching(/^WER\d-000001$/) as string,
        ...at(other()),
      },
    ])
  })

  test('of a payment that was voided before: who did it, and why', async () => {
    const taken = await send(device(), 'payment.take', payment())
    const payment_id = rowIdsOf(taken.id)()
    await send(other(), 'payment.void', { payment_id, reason: 'Wrong family' })

    const again = await send(device(), 'payment.void', { payment_id, reason: 'Mistake' })

    expect(await insteadOf(again)).toEqual([{ kind: 'void', payment_id, reason: 'Wrong family', ...at(other()) }])
  })

  test('of another body under a known id: the mutation that has it (N3)', async () => {
    const place = await newPlace()
    const first = await send(device(), 'attendance.mark', mark(place))
    const [{ count }] = (await server().sql<{ count: number }>(
      'select count(*)::int as count from mutation_outcomes',
    )) as [{ count: number }]

    await send(device(), 'attendance.mark', mark(place, 'absent'), { id: first.id })

    const items = await server().sql<Item>('select * from mutation_outcomes order by decided_at, id')
    const changed = items.find(({ code }) => code === 'mutation_changed')
    expect(items).toHaveLength(count + 1)
    expect(changed).toMatchObject({ args: JSON.stringify(mark(place, 'absent')), suggestion: 'tell_support' })
    expect(factsOf(changed?.instead ?? '[]')).toMatchObject([
      { kind: 'mutation', mutation_id: first.id, command: 'attendance.mark', ...at(device()) },
      { kind: 'mark', code: 'late' },
    ])
  })

  test('of a number that was used by a copy of the computer: what was done under it', async () => {
    const own = await server().enroll()
    const first = await send(own, 'check_in.record', { entries: [await newPlace()] })

    const copied = await send(own, 'payment.take', payment(), { seq: first.seq })

    expect(await itemOf(copied)).toMatchObject({ code: 'sequence_gap', suggestion: 'tell_support' })
    expect(await insteadOf(copied)).toMatchObject([{ kind: 'mutation', mutation_id: first.id, command: first.command }])
  })
})

describe('an item says what it follows from (S7)', () => {
  test('when it names rows that a refused mutation would have made, also through another one', async () => {
    const own = await server().enroll()
    const family_id = newId()
    const taken = await send(own, 'payment.take', payment({ family_id }))
    const voided = await send(own, 'payment.void', { payment_id: rowIdsOf(taken.id)(), reason: 'Mistake' })
    const chained = await send(own, 'payment.void', { payment_id: rowIdsOf(voided.id)(), reason: 'Mistake' })

    expect(await itemOf(taken)).toMatchObject({ outcome: 'refused', caused_by: null, suggestion: 'book_the_money' })
    expect(await itemOf(voided)).toMatchObject({ caused_by: taken.id, suggestion: 'first_the_other' })
    expect(await itemOf(chained)).toMatchObject({ caused_by: taken.id })
  })

  test('when a refused walk-in, check-in or mark should have made what it needs, for this child and class', async () => {
    const own = await server().enroll()
    const session_id = await newSession()
    const [child, stranger] = [await newChild(), await newChild()]
    await server().sql("update sessions set status = 'cancelled' where id = $1", [session_id])
    const walkIn = await send(own, 'attendance.walk_in', { session_id, student_id: child })
    await server().sql("update sessions set status = 'scheduled' where id = $1", [session_id])

    const marked = await send(own, 'attendance.mark', mark({ session_id, student_id: child }))
    const unrelated = await send(own, 'attendance.mark', mark({ session_id, student_id: stranger }))
    const elsewhere = await send(other(), 'attendance.mark', mark({ session_id, student_id: child }))

    expect(await itemOf(marked)).toMatchObject({ code: 'not_booked', caused_by: walkIn.id })
    expect(await itemOf(unrelated)).toMatchObject({ code: 'not_booked', caused_by: null, suggestion: 'add_walk_in' })
    expect(await itemOf(elsewhere)).toMatchObject({ caused_by: null })
  })

  test('not from an item that is settled already', async () => {
    const own = await server().enroll()
    const session_id = await newSession()
    const child = await newChild()
    await server().sql("update sessions set status = 'cancelled' where id = $1", [session_id])
    const walkIn = await send(own, 'attendance.walk_in', { session_id, student_id: child })
    await server().sql("update sessions set status = 'scheduled' where id = $1", [session_id])
    await send(own, 'inbox.drop', { outcome_id: walkIn.id, also: [], note: 'No' })

    const marked = await send(own, 'attendance.mark', mark({ session_id, student_id: child }))

    expect(await itemOf(marked)).toMatchObject({ caused_by: null })
  })
})
