import type { MutationEnvelope } from '../../src-shared/contract/http.ts'
import { booking, childOf, student } from './academy.ts'
import type { TestDevice, TestServer } from './sync-server.ts'

/** What tests of mutations send, and what they look at in the database afterwards. */
export const mutationProbes = (server: () => TestServer) => {
  /** A child that is booked in the counter's session and not yet checked in. */
  const newChild = async (): Promise<string> => {
    const child = student()
    await server().insert('students', child)
    await server().insert('family_students', childOf(server().counter.family, child))
    await server().insert('bookings', booking({ session_id: server().counter.session.id, student_id: child.id }))
    return child.id
  }

  const checkIn = async (from: TestDevice, over: Partial<MutationEnvelope> = {}): Promise<MutationEnvelope> => {
    const entries = [{ student_id: await newChild(), session_id: server().counter.session.id }]
    return from.mutation('check_in.record', { entries }, over)
  }

  const pay = async (from: TestDevice, args: object = {}, over: Partial<MutationEnvelope> = {}) =>
    from.mutation(
      'payment.take',
      {
        family_id: server().counter.family.id,
        method_id: server().counter.cash.id,
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
    const [row] = await server().sql<{ count: number }>(
      `select count(*)::int as count from ${table} where id::text like $1`,
      [prefix],
    )
    return row?.count ?? 0
  }

  const lastSeqOf = async ({ enrolled }: TestDevice): Promise<number | undefined> => {
    const [row] = await server().sql<{ last_seq: number }>('select last_seq from device_progress where id = $1', [
      enrolled.device_id,
    ])
    return row?.last_seq
  }

  const keptOf = async (id: string) => {
    const [row] = await server().sql<{ outcome: string; code: string | null; body: string }>(
      'select outcome, code, body from mutations where id = $1',
      [id],
    )
    return row
  }

  return { newChild, checkIn, pay, countOf, lastSeqOf, keptOf }
}
