import { type EndParts, isWorking } from './end-parts.ts'
import { rowIdsOf } from './rows-made.ts'

/** I6: money to the cent, and receipts. */
export const money = async ({ sql, devices, journal, verdict }: EndParts): Promise<void> => {
  const paid = new Map(
    (await sql<{ id: string; amount: number }>('select id, amount from payments')).map(({ id, amount }) => [
      id,
      amount,
    ]),
  )
  const refused = new Set(
    (await sql<{ id: string }>("select id from mutations where outcome = 'refused'")).map(({ id }) => id),
  )
  for (const device of devices.filter(isWorking)) {
    for (const { envelope } of journal.of(device)) {
      if (envelope.command !== 'payment.take' || refused.has(envelope.id)) continue
      const { amount } = envelope.args as { readonly amount: number }
      const isSame = paid.get(rowIdsOf(envelope.id)[0]) === amount
      verdict.check('I6', isSame, () => `${device.name}: payment ${envelope.seq} of ${amount} is not on the server`)
    }
  }
  const [double] = await sql('select till_id, number from receipts group by till_id, number having count(*) > 1')
  verdict.check('I6', double === undefined, () => `two receipts have the same number: ${JSON.stringify(double)}`)
  const [over] = await sql(`
    select i.number from invoices i
    join lateral (select sum(total) as due from invoice_lines l where l.invoice_id = i.id) d on true
    join lateral (
      select sum(a.amount) as paid from payment_allocations a
      where a.invoice_id = i.id and not exists (select from payment_voids v where v.payment_id = a.payment_id)
    ) p on true
    where p.paid > d.due`)
  verdict.check(
    'I6',
    over === undefined,
    () => `more was allocated to an invoice than it asks for: ${JSON.stringify(over)}`,
  )
  await receiptNumbers({ sql, devices, journal, verdict })
}

/** Every number of a series up to its last one is a receipt, or a mutation that a person can see says why not. */
const receiptNumbers = async ({
  sql,
  devices,
  journal,
  verdict,
}: Pick<EndParts, 'sql' | 'devices' | 'journal' | 'verdict'>): Promise<void> => {
  for (const device of devices.filter(isWorking)) {
    const drawn = journal.of(device).flatMap(({ envelope }) => envelope.series_number ?? [])
    const found = await sql<{ number: number }>('select number from receipts where till_id = $1', [
      device.enrolled.till.id,
    ])
    const explained = await sql<{ number: number }>(
      `select (body::jsonb ->> 'series_number')::int as number from mutations
        where device_id = $1 and outcome <> 'applied' and body::jsonb ->> 'series_number' is not null`,
      [device.enrolled.id],
    )
    const known = new Set([...found, ...explained].map(({ number }) => number))
    // Of one who shares its numbers some were used where nobody has them any more.
    const last = journal.sharesNumbers(device) ? 0 : Math.max(0, ...known)
    const series = [...drawn, ...Array.from({ length: last }, (_, index) => index + 1)]
    const gap = series.find((number) => !known.has(number))
    verdict.check('I6', gap === undefined, () => `${device.name}: receipt ${gap} is missing without a reason`)
    const twice = drawn.find((number, index) => drawn.indexOf(number) !== index)
    verdict.check('I6', twice === undefined, () => `${device.name}: receipt ${twice} was drawn twice`)
  }
}
