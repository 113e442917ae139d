import type { AcademyRows } from '../../build/demo/draft.ts'

export const noon = '2026-11-21T01:00:00.000Z'
export const zone = 'Australia/Melbourne'

export const byId = <R extends { readonly id: string }>(rows: readonly R[]): ReadonlyMap<string, R> =>
  new Map(rows.map((row) => [row.id, row]))
export const sumOf = (amounts: readonly number[]): number => amounts.reduce((sum, amount) => sum + amount, 0)

/** What each sent invoice still waits for, by what standing payments paid. */
export const outstandingOf = (rows: AcademyRows) => {
  const voided = new Set(rows.payment_voids.map(({ payment_id }) => payment_id))
  const paid = Map.groupBy(
    rows.payment_allocations.filter(({ payment_id }) => !voided.has(payment_id)),
    ({ invoice_id }) => invoice_id,
  )
  const lines = Map.groupBy(rows.invoice_lines, ({ invoice_id }) => invoice_id)
  return rows.invoices
    .filter(({ status }) => status === 'sent')
    .map((invoice) => {
      const total = sumOf((lines.get(invoice.id) ?? []).map((line) => line.total))
      return { invoice, total, left: total - sumOf((paid.get(invoice.id) ?? []).map(({ amount }) => amount)) }
    })
}
