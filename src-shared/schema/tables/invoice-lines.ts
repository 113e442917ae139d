import { integer, money, text, uuid } from '../columns.ts'
import { familyScope, table } from '../table.ts'

/** A line of an invoice. Amounts are in minor units and include the tax. */
export const invoiceLines = table(
  'invoice_lines',
  {
    id: uuid(),
    family_id: uuid('families'),
    invoice_id: uuid('invoices'),
    student_id: uuid('students').nullable(),
    enrollment_id: uuid('enrollments').nullable(),
    description: text(500),
    quantity: integer(),
    unit_amount: money(),
    total: money(),
    /** Such as "GST 10%"; null when the line carries no tax. */
    tax_name: text(40).nullable(),
    tax_amount: money(),
  },
  { scope: familyScope(), indexes: [['invoice_id'], ['family_id']] },
)
