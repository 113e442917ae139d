/** `npm run faults` makes every fault at every point; `npm test` a part of them that takes a minute. */
const isLong = process.env['FOYER_FAULTS'] === 'all'

/** One of two numbers: of `npm test`, and of `npm run faults`. */
export const extent = (short: number, long: number): number => (isLong ? long : short)

/** Milliseconds; an hour for the long run. */
export const limitMs = isLong ? 3_600_000 : 120_000

/** Where the figures of a long run go, beside the result of each test. */
export const tell = (line: string): void => {
  if (isLong) console.log(line)
}
