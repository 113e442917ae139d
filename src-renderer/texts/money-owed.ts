import { formatMoney } from '../../src-shared/money.ts'
import type { Tone } from '../ui/tone.ts'

interface Owed {
  readonly amount: number
  readonly currency: string
  /** Days since the oldest unpaid invoice was due; negative before. */
  readonly oldest_days: number | null
}

/** From here on the money is not only open but wrong. */
const longOverdueDays = 30

/** `Owes $64.00`, `Credit $20.00`, `Nothing to pay`. */
export const owedText = ({ amount, currency }: Owed, locale: string): string => {
  if (amount === 0) return 'Nothing to pay'
  return amount > 0
    ? `Owes ${formatMoney(amount, currency, locale)}`
    : `Credit ${formatMoney(-amount, currency, locale)}`
}

/** `oldest 21 days`, `due in 5 days`; undefined when nothing is open. */
export const owedSinceText = ({ amount, oldest_days }: Owed): string | undefined => {
  if (amount <= 0 || oldest_days === null) return undefined
  if (oldest_days === 0) return 'due today'
  if (oldest_days < 0) return `due in ${plural(-oldest_days, 'day')}`
  return `oldest ${plural(oldest_days, 'day')}`
}

export const owedTone = ({ amount, oldest_days }: Owed): Tone => {
  if (amount < 0) return 'good'
  if (amount === 0 || oldest_days === null || oldest_days < 0) return 'plain'
  return oldest_days > longOverdueDays ? 'danger' : 'warn'
}

const plural = (count: number, one: string): string => (count === 1 ? `1 ${one}` : `${count} ${one}s`)
