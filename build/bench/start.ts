import { performance } from 'node:perf_hooks'
import type { Benchmark } from './benchmark.ts'
import { median, sample, timed } from './measure.ts'
import { dataKeyOf } from './replica-file.ts'

const runs = 5

/** A computer that was enrolled long ago is started in the morning, and somebody looks for a family. */
export const startBenchmark: Benchmark = {
  name: 'start',
  async run(place) {
    const desk = await place.loneDesk()
    await desk.drained()
    const steps: { readonly spawn: number; readonly signIn: number; readonly search: number; readonly all: number }[] =
      []
    for (let run = 0; run < runs; run += 1) {
      await desk.stop()
      const begin = performance.now()
      desk.start()
      const spawn = await timed(async () => desk.call('app.state'))
      const signIn = await timed(desk.signIn)
      const search = await timed(async () =>
        desk.query('counter.search', { text: 'sm', now: new Date().toISOString() }),
      )
      steps.push({ spawn, signIn, search, all: performance.now() - begin })
    }
    const unlock = median(await sample({ warmUp: 1, runs, work: async () => dataKeyOf(desk) }))
    const of = (step: keyof (typeof steps)[number]): number => median(steps.map((each) => each[step]))
    return [
      {
        benchmark: 'start',
        what: 'process to first search answered, median',
        value: of('all'),
        unit: 'ms',
        budget: 2000,
        limit: { what: 'the password alone (argon2id)', value: unlock },
        figures: { runs, spawn: of('spawn'), sign_in: of('signIn'), first_search: of('search') },
      },
    ]
  },
}
