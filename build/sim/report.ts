import type { SeedResult } from './run.ts'
import type { Totals } from './supervisor.ts'

/** What a person needs to find the cause of a failure: with another number of operations a seed is another history. */
export const failureText = ({ seed, violations, tail }: SeedResult, operations: number): string =>
  [
    `Seed ${seed} failed. Replay it: npm run sim -- --seed ${seed} --operations ${operations}`,
    ...tail.map((line) => line.slice(0, 300)),
    ...violations.slice(0, 5).map(({ invariant, message }) => `  ${invariant}: ${message.slice(0, 2000)}`),
    ...(violations.length > 5 ? [`  and ${violations.length - 5} more`] : []),
  ].join('\n')

const sumOf = (counts: Totals['counts'], prefix: string): number =>
  Object.entries(counts).reduce((sum, [kind, count]) => (kind.startsWith(`${prefix} `) ? sum + count : sum), 0)

const linesOf = (counts: Totals['counts'], prefix: string): readonly string[] =>
  Object.entries(counts)
    .filter(([kind]) => kind.startsWith(`${prefix} `))
    .toSorted(([, a], [, b]) => b - a)
    .map(([kind, count]) => `  ${String(count).padStart(12)}  ${kind.slice(prefix.length + 1)}`)

/** The end of a run: what was done, what was made to fail, what was checked. */
export const totalsText = (totals: Totals, realMs: number): string => {
  const { counts, seeds, failed, virtualMs, cpuMs } = totals
  const share = (value: number): string => (value / Math.max(1, seeds)).toFixed(1)
  return [
    'Operations:',
    ...linesOf(counts, 'operation'),
    'Faults:',
    ...linesOf(counts, 'fault'),
    'Checks:',
    ...linesOf(counts, 'check'),
    `${seeds} seeds, ${sumOf(counts, 'operation')} operations, ${sumOf(counts, 'fault')} faults, ` +
      `${sumOf(counts, 'check')} checks, ${counts['events'] ?? 0} events`,
    `${(virtualMs / 3_600_000).toFixed(1)} h of virtual time in ${(realMs / 1000).toFixed(0)} s ` +
      `(${share(cpuMs / 1000)} s of processor time a seed); drained ${share((counts['drain ms'] ?? 0) / 1000)} s after the faults`,
    failed.length === 0
      ? 'All seeds passed.'
      : `${failed.length} seeds failed: ${failed.map(({ seed }) => seed).join(', ')}`,
  ].join('\n')
}
