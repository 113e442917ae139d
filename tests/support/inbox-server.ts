import { afterAll, beforeAll, expect } from 'vitest'
import type { MutationEnvelope } from '../../src-shared/contract/http.ts'
import { type Fact, factsOf } from '../../src-shared/rules/inbox-facts.ts'
import type { Database } from '../../src-shared/schema/tables.ts'
import { booking, childOf, session, student } from './academy.ts'
import { startSyncServer, type TestDevice, type TestServer } from './sync-server.ts'

export type Item = Database['mutation_outcomes']

/** A server for all tests of a file, with two devices that send, and what it puts into the inbox. */
export const inboxServer = () => {
  let server: TestServer
  let device: TestDevice
  let other: TestDevice

  beforeAll(async () => {
    server = await startSyncServer()
    device = await server.enroll()
    other = await server.enroll()
  })
  afterAll(async () => server.close())

  const newSession = async (): Promise<string> => {
    const own = session({ class_id: server.counter.session.class_id })
    await server.insert('sessions', own)
    return own.id
  }
  const newChild = async (): Promise<string> => {
    const child = student()
    await server.insert('students', child)
    await server.insert('family_students', childOf(server.counter.family, child))
    return child.id
  }
  /** A child that is booked in a session of its own. */
  const newPlace = async () => {
    const place = { session_id: await newSession(), student_id: await newChild() }
    await server.insert('bookings', booking(place))
    return place
  }
  const payment = (over: object = {}) => ({
    family_id: server.counter.family.id,
    method_id: server.counter.cash.id,
    amount: 100,
    tendered: null,
    reference: null,
    allocations: [],
    ...over,
  })
  const mark = ({ session_id, student_id }: Awaited<ReturnType<typeof newPlace>>, code = 'late') => ({
    session_id,
    marks: [{ student_id, code, note: null }],
  })

  const itemOf = async ({ id }: { readonly id: string }): Promise<Item> => {
    const [row] = await server.sql<Item>('select * from mutation_outcomes where id = $1', [id])
    if (!row) throw new Error('It is not in the inbox')
    return row
  }
  const insteadOf = async (mutation: { readonly id: string }): Promise<readonly Fact[]> =>
    factsOf((await itemOf(mutation)).instead)
  const send = async (from: TestDevice, command: string, args: unknown, over: Partial<MutationEnvelope> = {}) => {
    const mutation = await from.mutation(command, args, over)
    await from.send(mutation)
    return mutation
  }
  const at = ({ enrolled }: TestDevice) => ({
    staff_id: server.counter.staff.id,
    device_id: enrolled.device_id,
    at: expect.any(String) as string,
  })

  return {
    server: () => server,
    device: () => device,
    other: () => other,
    newSession,
    newChild,
    newPlace,
    payment,
    mark,
    itemOf,
    insteadOf,
    send,
    at,
  }
}
