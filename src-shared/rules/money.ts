/** An invoice as the family owes it, in minor units. */
export interface Outstanding {
  readonly invoice_id: string
  readonly due_on: string
  readonly number: string
  readonly total: number
  /** Total less what standing payments paid of it; never negative for an invoice that was paid once. */
  readonly outstanding: number
}

export interface Allocation {
  readonly invoice_id: string
  readonly amount: number
}

/** What an invoice is waiting for: `void` and paid ones for nothing. */
export const outstandingOf = (total: number, allocated: number): number => Math.max(0, total - allocated)

/** Splits an amount over invoices, oldest due first (J3). What is left over is the family's credit. */
export const allocateOldestFirst = (amount: number, invoices: readonly Outstanding[]): readonly Allocation[] => {
  const oldestFirst = invoices.toSorted((a, b) =>
    a.due_on === b.due_on ? (a.number < b.number ? -1 : 1) : a.due_on < b.due_on ? -1 : 1,
  )
  let left = amount
  return oldestFirst.flatMap(({ invoice_id, outstanding }) => {
    const part = Math.min(left, outstanding)
    left -= part
    return part > 0 ? [{ invoice_id, amount: part }] : []
  })
}

/** Cuts a wished allocation down to what the invoices still wait for; the rest stays as credit (B1). */
export const fitAllocations = (
  wished: readonly Allocation[],
  invoices: readonly Outstanding[],
): readonly Allocation[] => {
  const outstandingBy = new Map(invoices.map((invoice) => [invoice.invoice_id, invoice.outstanding]))
  return wished.flatMap(({ invoice_id, amount }) => {
    const fits = Math.min(amount, outstandingBy.get(invoice_id) ?? 0)
    outstandingBy.set(invoice_id, (outstandingBy.get(invoice_id) ?? 0) - fits)
    return fits > 0 ? [{ invoice_id, amount: fits }] : []
  })
}

/** The tax inside a part of an amount that includes tax, rounded half up to the minor unit. */
export const taxWithin = (part: number, total: number, tax: number): number =>
  total === 0 ? 0 : Math.round((part * tax) / total)
