import type { Kysely } from 'kysely'
import type { Row } from '../schema/table.ts'
import type { Database } from '../schema/tables.ts'
import type { invoiceLines } from '../schema/tables/invoice-lines.ts'
import { type Outstanding, outstandingOf } from './money.ts'

export interface InvoiceOwed extends Outstanding {
  readonly lines: readonly Row<typeof invoiceLines>[]
}

/** What the invoices of a family are about, however they stand now. */
export const invoicesWithLines = async (
  db: Kysely<Database>,
  familyId: string,
): Promise<readonly Pick<InvoiceOwed, 'invoice_id' | 'number' | 'lines'>[]> => {
  const invoices = await db.selectFrom('invoices').select(['id', 'number']).where('family_id', '=', familyId).execute()
  const lines = await linesOf(db, familyId)
  return invoices.map(({ id, number }) => ({
    invoice_id: id,
    number,
    lines: lines.filter((line) => line.invoice_id === id),
  }))
}

const linesOf = (db: Kysely<Database>, familyId: string): Promise<Row<typeof invoiceLines>[]> =>
  db.selectFrom('invoice_lines').selectAll().where('family_id', '=', familyId).orderBy('id').execute()

/**
 * Every sent invoice of a family in one currency, with what is left to pay of it, oldest due first. Derived, never stored
 * (U31). Facilities of one organization may use different currencies (U26), and amounts of two cannot be added.
 */
export const invoicesOf = async (
  db: Kysely<Database>,
  familyId: string,
  currency: string,
): Promise<readonly InvoiceOwed[]> => {
  const invoices = await db
    .selectFrom('invoices')
    .select(['id', 'number', 'due_on'])
    .where('family_id', '=', familyId)
    .where('status', '=', 'sent')
    .where('currency', '=', currency)
    .orderBy('due_on')
    .orderBy('number')
    .execute()
  const lines = await linesOf(db, familyId)
  const allocations = await db
    .selectFrom('payment_allocations as allocation')
    .innerJoin('payments as payment', 'payment.id', 'allocation.payment_id')
    .leftJoin('payment_voids as void', 'void.payment_id', 'payment.id')
    .select(['allocation.invoice_id', 'allocation.amount'])
    .where('payment.family_id', '=', familyId)
    .where('void.id', 'is', null)
    .execute()

  return invoices.map(({ id, number, due_on }) => {
    const own = lines.filter((line) => line.invoice_id === id)
    const total = own.reduce((sum, line) => sum + line.total, 0)
    const paid = allocations
      .filter((allocation) => allocation.invoice_id === id)
      .reduce((sum, allocation) => sum + allocation.amount, 0)
    return { invoice_id: id, number, due_on, total, outstanding: outstandingOf(total, paid), lines: own }
  })
}
