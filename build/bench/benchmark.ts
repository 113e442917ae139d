import type { Place } from './place.ts'
import type { Line } from './report.ts'

/** One measurement that can be run alone by its name. */
export interface Benchmark {
  readonly name: string
  readonly run: (place: Place) => Promise<readonly Line[]>
}
