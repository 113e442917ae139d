/** Money is a whole number of minor units (cents) of an ISO 4217 currency (U26). No fractions, ever. */

/** How many digits the minor unit has: 2 for AUD, 0 for JPY, 3 for KWD. */
export const minorDigits = (currency: string): number =>
  new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2

/** `6400, AUD, en-AU` → `$64.00`, as people at the facility write it. */
export const formatMoney = (amount: number, currency: string, locale: string): string =>
  new Intl.NumberFormat(locale, { style: 'currency', currency, currencyDisplay: 'narrowSymbol' }).format(
    amount / 10 ** minorDigits(currency),
  )

/** What a person typed (`64`, `64.5`, `1,064.50`, `$64`) in minor units; undefined when it is not an amount. */
export const parseMoney = (typed: string, currency: string): number | undefined => {
  const digits = minorDigits(currency)
  const plain = typed.replaceAll(/[\s\p{Sc}]/gu, '')
  const match = /^(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d*))?$/.exec(plain)
  if (!match) return undefined
  const [, whole = '', fraction = ''] = match
  if (fraction.length > digits) return undefined
  const amount = Number(whole.replaceAll(',', '') + fraction.padEnd(digits, '0'))
  return Number.isSafeInteger(amount) ? amount : undefined
}
