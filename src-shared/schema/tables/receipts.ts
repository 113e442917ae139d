import { instant, integer, jsonText, text, uuid } from '../columns.ts'
import { familyScope, table } from '../table.ts'

/** The paper that was handed out. Its content is kept as printed, so a copy years later says the same. */
export const receipts = table(
  'receipts',
  {
    id: uuid(),
    family_id: uuid('families'),
    payment_id: uuid('payments'),
    till_id: uuid('tills'),
    /** Position in the till's series, without gaps. */
    number: integer(),
    /** As printed, such as WER2-000124. */
    label: text(40),
    issued_at: instant(),
    /** rules/receipt.ts `receiptContent` as JSON. */
    content: jsonText(100_000),
  },
  { scope: familyScope(), indexes: [['payment_id'], ['family_id'], ['till_id', 'number']] },
)
