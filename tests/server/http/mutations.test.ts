import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { v7 } from 'uuid'
import { type MutationEnvelope, requestHeader } from '../../../src-shared/contract/http.ts'
import { toMutationId } from '../../../src-shared/ids.ts'
import { academy, booking, childOf, facility, family, newId, session, student } from '../../support/academy.ts'
import { startSyncServer, type TestDevice, type TestServer } from '../../support/sync-server.ts'

let server: TestServer
let device: TestDevice

beforeAll(async () => {
  server = await startSyncServer()
  device = await server.enroll()
})
afterAll(async () => server.close())

/** A child that is booked in the counter's session and not yet checked in. */
const newChild = async (): Promise<string> => {
  const child = student()
  await server.insert('students', child)
  await server.insert('family_students', childOf(server.counter.family, child))
  await server.insert('bookings', booking({ session_id: server.counter.session.id, student_id: child.id }))
  return child.id
}

const checkIn = async (from: TestDevice, over: Partial<MutationEnvelope> = {}): Promise<MutationEnvelope> => {
  const entries = [{ student_id: await newChild(), session_id: server.counter.session.id }]
  return from.mutation('check_in.record', { entries }, over)
}

const pay = async (from: TestDevice, args: object = {}, over: Partial<MutationEnvelope> = {}) =>
  from.mutation(
    'payment.take',
    {
      family_id: server.counter.family.id,
      method_id: server.counter.cash.id,
      amount: 100,
      tendered: null,
      reference: null,
      allocations: [],
      ...args,
    },
    over,
  )

const countOf = async (table: string, id: string): Promise<number> => {
  const prefix = `${id.slice(0, -3)}%`
  const [row] = await server.sql<{ count: number }>(
    `select count(*)::int as count from ${table} where id::text like $1`,
    [prefix],
  )
  return row?.count ?? 0
}

const lastSeqOf = async ({ enrolled }: TestDevice): Promise<number | undefined> => {
  const [row] = await server.sql<{ last_seq: number }>('select last_seq from device_progress where id = $1', [
    enrolled.device_id,
  ])
  return row?.last_seq
}

const keptOf = async (id: string) => {
  const [row] = await server.sql<{ outcome: string; code: string | null; body: string }>(
    'select outcome, code, body from mutations where id = $1',
    [id],
  )
  return row
}

test('an answer carries the name of its request, so that no other is taken for it (N8)', async () => {
  const answer = await fetch(`${server.url()}/v1/health`, { headers: { [requestHeader]: 'a-name' } })

  expect(answer.headers.get(requestHeader)).toBe('a-name')
})

describe('promise 3: exactly once (N1, N2)', () => {
  test('a mutation that is sent again has one effect, and gets the outcome that was kept', async () => {
    const mutation = await checkIn(device)

    const first = await device.send(mutation)
    const again = await device.send(mutation)

    expect(first.body.outcomes).toEqual([{ id: mutation.id, seq: mutation.seq, outcome: 'applied', error: null }])
    expect(again.body).toEqual(first.body)
    expect(await countOf('check_ins', mutation.id)).toBe(1)
  })

  test('of twenty deliveries at the same moment one has the effect, and all get the same answer', async () => {
    const mutation = await pay(device)

    const answers = await Promise.all(Array.from({ length: 20 }, async () => device.send(mutation)))

    for (const answer of answers) expect(answer.body).toEqual(answers[0]?.body)
    expect(answers[0]?.body.outcomes[0]?.outcome).toBe('applied')
    expect(await countOf('payments', mutation.id)).toBe(1)
    expect(await countOf('receipts', mutation.id)).toBe(1)
  })

  test('a batch whose answer got lost is sent again without harm, also when it overlaps with new ones', async () => {
    const batch = [await checkIn(device), await pay(device), await checkIn(device)]
    const lost = new AbortController()

    const first = device
      .request('/v1/mutations', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ mutations: batch }),
        signal: lost.signal,
      })
      .catch(() => undefined)
    setTimeout(() => lost.abort(), 3)
    await first
    const next = await checkIn(device)
    const again = await device.send(...batch, next)

    expect(again.body.outcomes.map(({ outcome }) => outcome)).toEqual(['applied', 'applied', 'applied', 'applied'])
    expect(again.body.last_seq).toBe(next.seq)
    expect(await countOf('payments', batch[1]?.id ?? '')).toBe(1)
    expect(await countOf('check_ins', batch[0]?.id ?? '')).toBe(1)
  })

  test('a refusal is kept too: it does not become an effect when its reason goes away', async () => {
    const child = student()
    const mutation = await device.mutation('check_in.record', {
      entries: [{ student_id: child.id, session_id: server.counter.session.id }],
    })

    const first = await device.send(mutation)
    await server.insert('students', child)
    await server.insert('family_students', childOf(server.counter.family, child))
    await server.insert('bookings', booking({ session_id: server.counter.session.id, student_id: child.id }))
    const again = await device.send(mutation)

    expect(first.body.outcomes[0]?.outcome).toBe('refused')
    expect(again.body).toEqual(first.body)
    expect(await countOf('check_ins', mutation.id)).toBe(0)
  })

  test('two devices that send at the same moment do not disturb each other', async () => {
    const devices = await Promise.all(Array.from({ length: 4 }, async () => server.enroll()))
    const batches = await Promise.all(
      devices.map(async (each) => [await checkIn(each), await pay(each), await checkIn(each)]),
    )

    const answers = await Promise.all(devices.map(async (each, index) => each.send(...(batches[index] ?? []))))

    for (const { body } of answers)
      expect(body.outcomes.map(({ outcome }) => outcome)).toEqual(['applied', 'applied', 'applied'])
  })
})

describe('the order of a device', () => {
  test('a number that was left out is asked for, and nothing behind the gap is kept (N2)', async () => {
    const other = await server.enroll()
    const mutation = await checkIn(other, { seq: 5 })

    const answer = await other.send(mutation)

    expect(answer).toMatchObject({ status: 409, body: { code: 'sequence_gap', details: { expected: 1 } } })
    expect(await keptOf(mutation.id)).toBeUndefined()
  })

  test('what came before a gap in the same batch is decided', async () => {
    const other = await server.enroll()
    const [first, , third] = [await checkIn(other), await checkIn(other), await checkIn(other)]

    const answer = await other.send(first, third)

    expect(answer).toMatchObject({ status: 409, body: { details: { expected: 2 } } })
    expect(await keptOf(first.id)).toMatchObject({ outcome: 'applied' })
    expect(await lastSeqOf(other)).toBe(1)
  })

  test('another mutation under a number that was used (a copied device, D15, H3) is refused, kept, and holds nothing up', async () => {
    const other = await server.enroll()
    const [first, second] = [await checkIn(other), await checkIn(other)]
    await other.send(first)
    const copied = await checkIn(other, { seq: 1 })

    const answer = await other.send(copied)
    const after = await other.send(second)

    expect(answer.body.outcomes[0]).toMatchObject({ outcome: 'refused', error: { code: 'sequence_gap' } })
    expect(JSON.parse((await keptOf(copied.id))?.body ?? '{}')).toEqual(copied)
    expect(after.body.outcomes[0]?.outcome).toBe('applied')
  })

  test('the same id with another body is refused and kept beside the first (N3)', async () => {
    const other = await server.enroll()
    const first = await checkIn(other)
    await other.send(first)
    const changed = { ...(await checkIn(other)), id: first.id }

    const answer = await other.send(changed)
    const again = await other.send(changed)

    expect(answer.body.outcomes[0]).toMatchObject({
      id: first.id,
      outcome: 'refused',
      error: { code: 'mutation_changed' },
    })
    expect(again.body).toEqual(answer.body)
    expect(await keptOf(first.id)).toMatchObject({ outcome: 'applied' })
    expect(await lastSeqOf(other)).toBe(changed.seq)
    const kept = await server.sql<{ body: string }>(
      `select body from mutations where code = 'mutation_changed' and device_id = $1`,
      [other.enrolled.device_id],
    )
    expect(kept.map(({ body }) => JSON.parse(body) as unknown)).toEqual([changed])
  })

  test("another device's mutation is not answered with that device's outcome", async () => {
    const [mine, other] = [await server.enroll(), await server.enroll()]
    const theirs = await checkIn(other)
    await other.send(theirs)

    const answer = await mine.send({ ...theirs, seq: 1 })

    expect(answer.body.outcomes[0]).toMatchObject({ outcome: 'refused', error: { code: 'mutation_changed' } })
  })

  test('the same body with its keys in another order is the same mutation', async () => {
    const other = await server.enroll()
    const mutation = await checkIn(other)
    await other.send(mutation)

    const again = await other.send(Object.fromEntries(Object.entries(mutation).toReversed()))

    expect(again.body.outcomes[0]).toMatchObject({ outcome: 'applied' })
  })
})

describe('a refusal is an outcome (S6)', () => {
  test('it is kept with its body, synced with its reason, and does not stop what follows', async () => {
    const other = await server.enroll()
    const first = await checkIn(other)
    const wrong = await other.mutation('check_in.record', { entries: [{ student_id: newId(), session_id: newId() }] })
    const batch = [first, wrong, await checkIn(other)]

    const { body } = await other.send(...batch)

    expect(body.outcomes.map(({ outcome }) => outcome)).toEqual(['applied', 'refused', 'applied'])
    expect(JSON.parse((await keptOf(wrong.id))?.body ?? '')).toEqual(wrong)
    const synced = await server.sql(
      `select row->>'code' as code, row->>'device_seq' as seq from sync_log
       where table_name = 'mutation_outcomes' and row_id = $1`,
      [wrong.id],
    )
    expect(synced).toEqual([{ code: body.outcomes[1]?.error?.code, seq: '2' }])
  })

  test('effects, progress and outcome of one mutation stand side by side in the log', async () => {
    const other = await server.enroll()
    const mutation = await checkIn(other)
    await other.send(mutation)

    const rows = await server.sql<{ position: number; table_name: string }>(
      `select position::int, table_name from sync_log
       where row_id::text like $1 or (table_name = 'device_progress' and row_id = $2 and row->>'last_seq' = '1')
       order by position`,
      [`${mutation.id.slice(0, -3)}%`, other.enrolled.device_id],
    )

    expect(rows.map(({ table_name }) => table_name)).toEqual(['check_ins', 'device_progress'])
    expect((rows[1]?.position ?? 0) - (rows[0]?.position ?? 0)).toBe(1)
  })

  const poison: readonly [string, (good: MutationEnvelope) => unknown, string][] = [
    ['an unknown command', (good) => ({ ...good, command: 'data.delete' }), 'unknown_command'],
    ['a version that does not exist', (good) => ({ ...good, version: 99 }), 'unknown_command'],
    ['arguments of the wrong type', (good) => ({ ...good, args: { entries: 'all' } }), 'invalid_input'],
    ['no arguments', (good) => ({ ...good, args: undefined }), 'invalid_input'],
    ['arguments that are null', (good) => ({ ...good, args: null }), 'invalid_input'],
    ['a field too many', (good) => ({ ...good, surprise: 1 }), 'invalid_input'],
    ['an instant that is none', (good) => ({ ...good, at: 'yesterday' }), 'invalid_input'],
    ['a number as command', (good) => ({ ...good, command: 5 }), 'invalid_input'],
    ['an id that rows cannot be numbered under', (good) => ({ ...good, id: newId() }), 'invalid_input'],
    ['a NUL', (good) => ({ ...good, args: { text: 'a\0b' } }), 'bad_text'],
    ['a NUL as a key', (good) => ({ ...good, args: { 'a\0b': 1 } }), 'bad_text'],
    ['a lone surrogate', (good) => ({ ...good, args: { text: '\uD800' } }), 'bad_text'],
    ['a NUL in the name of the command', (good) => ({ ...good, command: 'a\0' }), 'bad_text'],
    ['a lease of nobody', (good) => ({ ...good, lease_id: newId() }), 'lease_invalid'],
    ['the lease of somebody else', (good) => ({ ...good, staff_id: newId() }), 'lease_invalid'],
  ]

  test.each(poison)(
    '%s is refused, kept as it came, and the next mutation goes through',
    async (_name, spoil, code) => {
      const other = await server.enroll()
      const bad = spoil(await checkIn(other)) as MutationEnvelope
      const good = await checkIn(other)

      const { status, body } = await other.send(bad, good)
      const again = await other.send(bad, good)

      expect(status).toBe(200)
      expect(body.outcomes[0]).toMatchObject({ id: bad.id, seq: 1, outcome: 'refused', error: { code } })
      expect(body.outcomes[1]?.outcome).toBe('applied')
      expect(again.body).toEqual(body)
      expect((await keptOf(bad.id))?.body).toBe(JSON.stringify(bad))
    },
  )

  test.each([
    ['a body without mutations', {}],
    ['an empty batch', { mutations: [] }],
    ['a batch of 501', { mutations: Array.from({ length: 501 }, () => ({})) }],
    ['something that is no mutation', { mutations: ['x'] }],
    ['a mutation without a number', { mutations: [{ id: toMutationId(v7()) }] }],
    ['a number that is none', { mutations: [{ id: toMutationId(v7()), seq: 1.5 }] }],
    ['a list as a body', [1, 2]],
  ])('%s is a 400, and changes nothing', async (_name, sent) => {
    const before = await lastSeqOf(device)

    const answer = await device.post('/v1/mutations', sent)

    expect(answer).toMatchObject({ status: 400, body: { code: 'invalid_input' } })
    expect(await lastSeqOf(device)).toBe(before)
  })
})

describe('a foreign facility (H3)', () => {
  test('cannot be reached by naming its rows', async () => {
    const second = facility({ id: newId(), code: 'FOR', name: 'Foreign' })
    const stranger = family({ name: 'Stranger' })
    const [child, cohort] = [student(), newId()]
    const lesson = session({ class_id: cohort, facility_id: second.id })
    await server.insert('facilities', second)
    await server.insert('families', stranger)
    await server.insert('family_facilities', { id: newId(), family_id: stranger.id, facility_id: second.id })
    await server.insert('students', child)
    await server.insert('family_students', childOf(stranger, child))
    await server.insert('classes', { ...server.counter.rows.classes[0], id: cohort, facility_id: second.id })
    await server.insert('sessions', lesson)
    await server.insert('bookings', {
      ...booking({ session_id: lesson.id, student_id: child.id }),
      facility_id: second.id,
    })
    const other = await server.enroll()
    const batch = [
      await other.mutation('check_in.record', { entries: [{ student_id: child.id, session_id: lesson.id }] }),
      await other.mutation('attendance.mark', {
        session_id: lesson.id,
        marks: [{ student_id: child.id, code: 'present', note: null }],
      }),
      await other.mutation('roll.close', { session_id: lesson.id }),
      await pay(other, { family_id: stranger.id }),
    ]

    const { status, body } = await other.send(...batch)

    expect(status).toBe(200)
    expect(body.outcomes.map(({ outcome }) => outcome)).toEqual(['refused', 'refused', 'refused', 'refused'])
    expect(body.last_seq).toBe(4)
  })
})

describe('leases and roles', () => {
  test('after the lease a child is still checked in, but money is not touched', async () => {
    const other = await server.enroll()
    const { lease_id } = await other.signIn()
    await server.sql(`update leases set not_after = now() - interval '1 day' where id = $1`, [lease_id])
    const batch = [await checkIn(other), await other.mutation('payment.void', { payment_id: newId(), reason: 'x' })]

    const { body } = await other.send(...batch)

    expect(body.outcomes[0]?.outcome).toBe('applied')
    expect(body.outcomes[1]).toMatchObject({ outcome: 'refused', error: { code: 'forbidden' } })
  })

  test('a clock that is years ahead does not end a lease (T1)', async () => {
    const other = await server.enroll()
    const at = new Date(Date.now() + 3 * 365 * 86_400_000).toISOString()
    const payment = { ...(await pay(other)), at }

    const { body } = await other.send(payment)

    expect(body.outcomes[0]?.outcome).toBe('applied')
  })

  test('the lease that the same person has at another desk does not hold here', async () => {
    const [mine, other] = [await server.enroll(), await server.enroll()]
    const { lease_id } = await other.signIn()

    const { body } = await mine.send(await checkIn(mine, { lease_id }))

    expect(body.outcomes[0]).toMatchObject({ outcome: 'refused', error: { code: 'lease_invalid' } })
  })

  test('work done while the role was taken away is refused with the reason, but money is kept (B9)', async () => {
    const other = await server.enroll()
    const batch = [await checkIn(other), await pay(other)]
    await server.sql('update role_assignments set ended_at = now() where staff_id = $1', [academy.staff_id])

    const { body } = await other.send(...batch)
    await server.sql('update role_assignments set ended_at = null where staff_id = $1', [academy.staff_id])

    expect(body.outcomes[0]).toMatchObject({ outcome: 'refused', error: { code: 'forbidden' } })
    expect(body.outcomes[1]).toMatchObject({ outcome: 'merged', error: { code: 'left_as_credit' } })
    expect(await countOf('payments', batch[1]?.id ?? '')).toBe(1)
  })

  test('a clock far ahead does not order anything ahead: the hybrid clock is clamped (T1)', async () => {
    const other = await server.enroll()
    const entries = [{ student_id: await newChild(), session_id: server.counter.session.id }]
    const mutation = await other.mutation('check_in.record', { entries }, { hlc: 'ffffffffffff-0000-00000001' })

    await other.send(mutation)

    const [row] = await server.sql<{ hlc: string }>('select hlc from check_ins where id::text like $1', [
      `${mutation.id.slice(0, -3)}%`,
    ])
    const ms = Number.parseInt(row?.hlc.slice(0, 12) ?? '', 16)
    expect(ms).toBeLessThanOrEqual(Date.now() + 60_000)
  })
})

describe('money that changed hands', () => {
  test('is never refused for a receipt number that exists: the payment stands as credit', async () => {
    const other = await server.enroll()
    const [first, second] = [await pay(other), await pay(other)]
    const copied = { ...second, series_number: first.series_number }

    const { body } = await other.send(first, copied)
    const again = await other.send(copied)

    expect(body.outcomes[1]).toMatchObject({
      outcome: 'merged',
      error: { code: 'left_as_credit', details: { reason: 'receipt_number_taken' } },
    })
    expect(again.body.outcomes[0]).toEqual(body.outcomes[1])
    expect(await countOf('payments', copied.id)).toBe(1)
    expect(await countOf('receipts', copied.id)).toBe(0)
  })

  test('is kept when it cannot be a whole payment, for example without its receipt number', async () => {
    const other = await server.enroll()
    const mutation = await pay(other, {}, { series_number: null })

    const { body } = await other.send(mutation)

    expect(body.outcomes[0]?.outcome).toBe('merged')
    expect(await countOf('payments', mutation.id)).toBe(1)
  })

  test('is refused when not even its arguments can be read', async () => {
    const other = await server.enroll()
    const mutation = await pay(other, { amount: 1.5 })

    const { body } = await other.send(mutation)

    expect(body.outcomes[0]).toMatchObject({ outcome: 'refused', error: { code: 'invalid_input' } })
  })

  test('two payments of one invoice from two desks are both kept, the second as credit (B1)', async () => {
    const desks = [await server.enroll(), await server.enroll()]
    const [, invoice] = server.counter.invoices
    const args = { amount: 2000, allocations: [{ invoice_id: invoice?.id, amount: 2000, already_paid: 0 }] }
    const payments = await Promise.all(desks.map(async (desk) => pay(desk, args)))

    const answers = await Promise.all(desks.map(async (desk, index) => desk.send(payments[index])))

    expect(new Set(answers.map(({ body }) => body.outcomes[0]?.outcome))).toEqual(new Set(['applied', 'merged']))
    const [sum] = await server.sql<{ paid: number }>(
      'select sum(amount)::int as paid from payment_allocations where invoice_id = $1',
      [invoice?.id],
    )
    expect(sum?.paid).toBe(2000)
  })
})
