import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { v7 } from 'uuid'
import { type MutationEnvelope } from '../../../src-shared/contract/http.ts'
import { toMutationId } from '../../../src-shared/ids.ts'
import { booking, childOf, facility, family, newId, session, student } from '../../support/academy.ts'
import { mutationProbes } from '../../support/mutation-probes.ts'
import { startSyncServer, type TestDevice, type TestServer } from '../../support/sync-server.ts'

let server: TestServer
let device: TestDevice

beforeAll(async () => {
  server = await startSyncServer()
  device = await server.enroll()
})
afterAll(async () => server.close())

const { checkIn, pay, lastSeqOf, keptOf } = mutationProbes(() => server)

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
