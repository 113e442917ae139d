import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { MutationEnvelope } from '../../../src-shared/contract/http.ts'
import { newId } from '../../support/academy.ts'
import { startSyncServer, type TestDevice, type TestServer } from '../../support/sync-server.ts'

let server: TestServer
let one: TestDevice
let two: TestDevice
/** 50.00 that were taken once, for a family that is not there: they are in no book. */
let taken: string

beforeAll(async () => {
  server = await startSyncServer()
})
afterAll(async () => server.close())
beforeEach(async () => {
  one = await server.enroll()
  two = await server.enroll()
  taken = (await send(one, 'payment.take', payment({ family_id: newId() }))).id
})

let number = 100
const send = async (from: TestDevice, command: string, args: unknown, over: Partial<MutationEnvelope> = {}) => {
  const mutation = await from.mutation(command, args, over)
  const { body } = await from.send(mutation)
  const [decided] = body.outcomes
  return { id: mutation.id, said: decided?.error?.code ?? decided?.outcome }
}
const payment = (over: object = {}) => ({
  family_id: server.counter.family.id,
  method_id: server.counter.cash.id,
  amount: 5000,
  tendered: null,
  reference: null,
  allocations: [],
  ...over,
})
const redo = async (from: TestDevice, outcome_id: string, over: object = {}) => {
  number += 1
  const args = { outcome_id, also: [], note: null, command: 'payment.take', version: 1, args: payment(over) }
  return send(from, 'inbox.redo', args, { series_number: number })
}
const accept = async (from: TestDevice, outcome_id: string) =>
  (await send(from, 'inbox.accept', { outcome_id, also: [], note: null })).said
const drop = async (from: TestDevice, outcome_id: string) =>
  (await send(from, 'inbox.drop', { outcome_id, also: [], note: 'Given back' })).said
const payments = async (): Promise<number> => (await server.sql('select from payments')).length

describe('an attempt to do something again that was refused', () => {
  test('is not done again in place of what it was about: that is open, and may belong to another till', async () => {
    const before = await payments()
    const failed = await redo(one, taken, { tendered: 1 })

    const again = await redo(one, failed.id)
    const elsewhere = await redo(two, failed.id, { amount: 100 })
    const itself = await redo(one, taken)

    expect([failed.said, again.said, elsewhere.said, itself.said]).toEqual([
      'tendered_too_little',
      'invalid_input',
      'invalid_input',
      'applied',
    ])
    expect((await payments()) - before).toBe(1)
  })

  test('because another desk was faster books nothing a second time, however deep (B1)', async () => {
    const before = await payments()
    await redo(one, taken)
    const late = await redo(two, taken)

    const again = await redo(two, late.id)
    const deeper = await redo(two, again.id)

    expect([late.said, again.said, deeper.said]).toEqual(['already_settled', 'already_settled', 'already_settled'])
    expect((await payments()) - before).toBe(1)
    expect([await accept(two, late.id), await accept(two, again.id), await accept(two, deeper.id)]).toEqual([
      'applied',
      'applied',
      'applied',
    ])
  })

  test('is money in no book once what it was about was given up: it is done again, or let go with a reason', async () => {
    const before = await payments()
    const failed = await redo(one, taken, { tendered: 1 })
    await drop(one, taken)

    const accepted = await accept(one, failed.id)
    const again = await redo(one, failed.id)

    expect([accepted, again.said]).toEqual(['money_unbooked', 'applied'])
    expect((await payments()) - before).toBe(1)
  })

  test('is money that is booked once, whichever of several attempts is done again (X5)', async () => {
    const before = await payments()
    const [early, late] = [await redo(one, taken, { tendered: 1 }), await redo(one, taken, { tendered: 1 })]
    await drop(one, taken)
    const deeper = await redo(one, early.id, { tendered: 1 })

    const said = [await redo(one, early.id), await redo(one, late.id), await redo(one, deeper.id)].map(
      (each) => each.said,
    )

    expect(said).toEqual(['applied', 'already_settled', 'already_settled'])
    expect((await payments()) - before).toBe(1)
    expect([await accept(one, late.id), await accept(one, deeper.id)]).toEqual(['applied', 'applied'])
  })

  test('at a payment that went through after a restore books nothing a second time (S5)', async () => {
    const before = await payments()
    const mutation = await one.mutation('payment.take', payment())
    const booked = (await one.send(mutation)).body.outcomes[0]
    const forbidden = { ...(await one.mutation('payment.take', payment({ tendered: 1 }))) }
    const kept = (await one.send(forbidden)).body.outcomes[0]
    const attempts = [await redo(two, mutation.id), await redo(two, forbidden.id)]
    await accept(two, forbidden.id)

    const said = [await redo(two, attempts[0]?.id ?? ''), await redo(two, attempts[1]?.id ?? '')]

    expect([booked?.outcome, kept?.outcome, attempts.map((each) => each.said)]).toEqual([
      'applied',
      'merged',
      ['not_found', 'invalid_input'],
    ])
    expect((await payments()) - before).toBe(2)
    expect(said.map((each) => each.said)).toEqual(['invalid_input', 'invalid_input'])
    expect([await accept(two, attempts[0]?.id ?? ''), await accept(two, attempts[1]?.id ?? '')]).toEqual([
      'applied',
      'applied',
    ])
  })

  test('books what was given up once, also where several desks do so at the same moment', async () => {
    const before = await payments()
    const desks = [one, two, ...(await Promise.all([1, 2, 3, 4].map(() => server.enroll())))]
    const failed = await Promise.all(desks.map((desk) => redo(desk, taken, { tendered: 1 })))
    await drop(one, taken)

    await Promise.all(desks.map((desk, index) => redo(desk, failed[index]?.id ?? '')))

    expect((await payments()) - before).toBe(1)
  })
})
