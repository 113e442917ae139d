import * as build from './academy.ts'
import { counterRows } from './counter-rows.ts'
import { inboxItem } from './inbox-items.ts'
import { allocationOf, paymentOf } from './payment-args.ts'

export const counter = counterRows()
const [mia] = counter.children
export const place = { student_id: mia.id, session_id: counter.session.id }
export const poolDesk = build.device({ id: build.newId(), name: 'Pool desk' })
export const poolTill = { ...counter.till, id: build.newId(), device_id: poolDesk.id, code: 'WER3' }
export const payment = paymentOf(counter)(2000, [allocationOf(counter.invoices[1], 2000)])

export const checkIn = inboxItem({ args: { entries: [place] } })
export const follower = inboxItem({ command: 'check_out.record', code: 'not_checked_in', caused_by: checkIn.id })
export const notice = inboxItem({
  command: 'inbox.accept',
  code: 'forbidden',
  args: { outcome_id: checkIn.id, also: [], note: null },
  caused_by: checkIn.id,
})
export const merged = inboxItem({ command: 'payment.take', outcome: 'merged', code: 'left_as_credit', args: payment })
export const money = inboxItem({ command: 'payment.take', code: 'sequence_gap', args: payment })
const attempted = { outcome_id: money.id, also: [], note: null, command: 'payment.take', version: 1 }
export const attempt = inboxItem({
  command: 'inbox.redo',
  code: 'not_found',
  args: { ...attempted, args: payment },
  caused_by: money.id,
})
/** By somebody at the pool who may, for a part of it. */
export const attemptAtThePool = inboxItem({
  command: 'inbox.redo',
  code: 'already_settled',
  args: { ...attempted, args: { ...payment, amount: 500 } },
  caused_by: money.id,
  device_id: poolDesk.id,
})
export const moneyAtThePool = inboxItem({
  command: 'payment.take',
  code: 'sequence_gap',
  args: payment,
  device_id: poolDesk.id,
})
export const unknown = inboxItem({ command: '', code: 'bad_text' })

/** A counter with all of these in its inbox. */
export const rows = {
  ...counter.rows,
  devices: [...counter.rows.devices, poolDesk],
  tills: [...counter.rows.tills, poolTill],
  mutation_outcomes: [checkIn, follower, notice, merged, money, attempt, attemptAtThePool, moneyAtThePool, unknown],
}

export const about = ({ id }: { readonly id: string }, also: readonly { readonly id: string }[] = []) => ({
  outcome_id: id,
  also: also.map((item) => item.id),
})
export const again = (item: typeof checkIn, args: unknown, note: string | null = null) => ({
  ...about(item),
  note,
  command: item.command,
  version: 1,
  args,
})
