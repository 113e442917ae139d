import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { requestHeader } from '../../../src-shared/contract/http.ts'
import { booking, childOf, student } from '../../support/academy.ts'
import { mutationProbes } from '../../support/mutation-probes.ts'
import { startSyncServer, type TestDevice, type TestServer } from '../../support/sync-server.ts'

let server: TestServer
let device: TestDevice

beforeAll(async () => {
  server = await startSyncServer()
  device = await server.enroll()
})
afterAll(async () => server.close())

const { checkIn, pay, countOf, lastSeqOf, keptOf } = mutationProbes(() => server)

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

  test('of fifteen deliveries at the same moment one has the effect, and all get the same answer', async () => {
    const mutation = await pay(device)

    const answers = await Promise.all(Array.from({ length: 15 }, async () => device.send(mutation)))

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
