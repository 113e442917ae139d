import { performance } from 'node:perf_hooks'

/** Milliseconds that `work` took. */
export const timed = async (work: () => unknown): Promise<number> => {
  const begin = performance.now()
  await work()
  return performance.now() - begin
}

export interface Sampling {
  /** Runs that are not counted, until caches are warm and code is compiled. */
  readonly warmUp: number
  readonly runs: number
  /** Told the number of the run, from 0, warm-up included. */
  readonly work: (run: number) => unknown
  /** Between two runs, not measured. */
  readonly between?: () => Promise<unknown>
}

/** Milliseconds of each counted run, one after the other. */
export const sample = async ({ warmUp, runs, work, between }: Sampling): Promise<readonly number[]> => {
  const values: number[] = []
  for (let run = 0; run < warmUp + runs; run += 1) {
    const value = await timed(() => work(run))
    if (run >= warmUp) values.push(value)
    await between?.()
  }
  return values
}

/** The value that a share `q` (0 to 1) of the values does not exceed; NaN of none. */
const quantile = (values: readonly number[], q: number): number =>
  values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * q) - 1)] ?? Number.NaN

export const median = (values: readonly number[]): number => quantile(values, 0.5)
export const p95 = (values: readonly number[]): number => quantile(values, 0.95)
export const p99 = (values: readonly number[]): number => quantile(values, 0.99)

/** The usual figures of a distribution of milliseconds. */
export const figures = (values: readonly number[]): Readonly<Record<string, number>> => ({
  runs: values.length,
  p50: median(values),
  p95: p95(values),
  p99: p99(values),
  max: Math.max(...values),
})
