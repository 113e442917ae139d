import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { takePayment } from '../../src-shared/commands/take-payment.ts'
import { voidPayment } from '../../src-shared/commands/void-payment.ts'
import { applyCommand, type Command, type CommandContext } from '../../src-shared/commands/command.ts'
import { permissions } from '../../src-shared/permissions.ts'
import { paymentsDue, paymentsOfFamily, receiptsGet } from '../../src-shared/queries/payments.ts'
import {
  academy,
  contextWith,
  facility,
  family,
  invoice,
  invoiceLine,
  newId,
  organization,
  staffMember,
} from '../support/academy.ts'
import { type MemoryReplica, openMemoryReplica } from '../support/replica-memory.ts'

const now = '2026-11-21T05:20:00.000Z'
const home = family()
const cash = {
  id: newId(),
  organization_id: academy.organization_id,
  name: 'Cash',
  kind: 'cash',
  hotkey: 'C',
  reference_label: null,
  sort: 1,
  archived_at: null,
} as const
const older = invoice({ family_id: home.id, number: 'INV-1', due_on: '2026-10-31' })
const newer = invoice({ family_id: home.id, number: 'INV-2', due_on: '2026-11-30' })

let replica: MemoryReplica
let mutations = 0

beforeEach(() => {
  replica = openMemoryReplica()
  replica.insert('organizations', organization())
  replica.insert('facilities', facility())
  replica.insert('staff', staffMember())
  replica.insert('families', home)
  replica.insert('payment_methods', cash, { ...cash, id: newId(), name: 'Old', archived_at: now })
  replica.insert('invoices', newer, older)
  replica.insert('invoice_lines', invoiceLine({ family_id: home.id, invoice_id: older.id, total: 4000 }))
  replica.insert('invoice_lines', invoiceLine({ family_id: home.id, invoice_id: newer.id, total: 2400 }))
})
afterEach(() => replica.close())

const run = async <A>(command: Command<A>, args: A): Promise<{ readonly mutationId: string }> => {
  mutations += 1
  const mutationId = `01938000-0000-7000-8000-${mutations.toString(16).padStart(9, '0')}000`
  const context: CommandContext = {
    mutationId,
    at: now,
    hlc: '000000000001-0000-00000001',
    staffId: academy.staff_id,
    deviceId: academy.device_id,
    facilityId: academy.facility_id,
    till: { id: newId(), code: 'WER2' },
    seriesNumber: mutations,
    permissions: new Set(permissions),
    lock: () => Promise.resolve(),
  }
  await replica.db.transaction().execute((tx) => applyCommand(tx as never, command, args, context))
  return { mutationId }
}

const pay = (amount: number) =>
  run(takePayment, {
    family_id: home.id,
    method_id: cash.id,
    amount,
    tendered: 10_000,
    reference: null,
    allocations: [{ invoice_id: older.id, amount: Math.min(amount, 4000), already_paid: 0 }],
  })

const due = () => paymentsDue.run(replica.db, { family_id: home.id, now }, contextWith())
const history = () => paymentsOfFamily.run(replica.db, { family_id: home.id }, contextWith())

describe('payments.due', () => {
  test('lists what is outstanding, oldest due first, with the ways to pay that are in use', async () => {
    const answer = await due()

    expect(answer?.balance.amount).toBe(6400)
    expect(answer?.invoices.map(({ number, outstanding, days }) => [number, outstanding, days])).toEqual([
      ['INV-1', 4000, 21],
      ['INV-2', 2400, -9],
    ])
    expect(answer?.methods.map(({ name }) => name)).toEqual(['Cash'])
  })

  test('leaves out what is paid, and counts credit in the balance', async () => {
    await pay(5000)

    const answer = await due()

    expect(answer?.balance.amount).toBe(1400)
    expect(answer?.invoices.map(({ number }) => number)).toEqual(['INV-2'])
  })

  test('counts a voided payment as never made', async () => {
    await pay(4000)
    const [payment] = await history()
    await run(voidPayment, { payment_id: payment?.payment_id ?? '', reason: 'Wrong family' })

    const answer = await due()

    expect(answer?.balance.amount).toBe(6400)
    expect(answer?.invoices).toHaveLength(2)
  })

  test('is null for a family that is not here', async () => {
    await expect(paymentsDue.run(replica.db, { family_id: newId(), now }, contextWith())).resolves.toBeNull()
  })
})

describe('payments.of_family', () => {
  test('lists payments with their receipts, voided ones among them', async () => {
    await pay(4000)
    const [payment] = await history()
    await run(voidPayment, { payment_id: payment?.payment_id ?? '', reason: 'Wrong family' })

    const [voided] = await history()

    expect(voided?.receipt?.label).toMatch(/^WER2-\d{6}$/)
    expect(voided).toMatchObject({
      amount: 4000,
      method: 'Cash',
      taken_by: 'Sam Lee',
      void: { reason: 'Wrong family', by: 'Sam Lee' },
    })
  })
})

describe('receipts.get', () => {
  test('gives the content as it was printed, and whether it is void', async () => {
    await pay(4000)
    const [payment] = await history()
    const receiptId = payment?.receipt?.id ?? ''

    const standing = await receiptsGet.run(replica.db, { receipt_id: receiptId }, contextWith())
    await run(voidPayment, { payment_id: payment?.payment_id ?? '', reason: 'Twice' })
    const voided = await receiptsGet.run(replica.db, { receipt_id: receiptId }, contextWith())

    expect(standing.content).toMatchObject({ total: 4000, tendered: 10_000, change: 6000, buyer: 'Berg' })
    expect(standing.void).toBeNull()
    expect(voided.content).toEqual(standing.content)
    expect(voided.void).toMatchObject({ reason: 'Twice' })
  })

  test('says so when the receipt is not here', async () => {
    const unknown = receiptsGet.run(replica.db, { receipt_id: newId() }, contextWith())

    await expect(unknown).rejects.toMatchObject({ code: 'not_found' })
  })
})
