import { z } from 'zod'
import { amountSchema, instantSchema, sharedText } from '../schema/columns.ts'

const line = sharedText(500)

/**
 * What stands on a receipt (Australian tax invoice content, J3): kept as printed, amounts in minor units of `currency`
 * including tax.
 */
export const receiptContent = z.strictObject({
  /** Such as WER2-000124. */
  label: sharedText(40),
  issued_at: instantSchema,
  time_zone: sharedText(64),
  locale: sharedText(35),
  currency: sharedText(3),
  seller: z.strictObject({
    name: line,
    facility: line,
    address: line,
    phone: line.nullable(),
    registration_label: line.nullable(),
    registration_number: line.nullable(),
  }),
  /** The family that paid. */
  buyer: line,
  /** What was paid for. `paid` is the part of the line that this payment covers. */
  lines: z.array(
    z.strictObject({ description: line, invoice: line.nullable(), total: amountSchema, paid: amountSchema }),
  ),
  /** Tax inside what was paid, by name, such as "GST 10%". */
  taxes: z.array(z.strictObject({ name: line, amount: amountSchema })),
  total: amountSchema,
  method: line,
  reference: line.nullable(),
  tendered: amountSchema.nullable(),
  change: amountSchema.nullable(),
  served_by: line,
})

export type ReceiptContent = z.infer<typeof receiptContent>

/** `WER2` and 124 → `WER2-000124`. */
export const receiptLabel = (tillCode: string, number: number): string =>
  `${tillCode}-${String(number).padStart(6, '0')}`
