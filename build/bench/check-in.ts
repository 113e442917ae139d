import { setTimeout as delay } from 'node:timers/promises'
import type { Benchmark } from './benchmark.ts'
import { durableRow } from './durable-row.ts'
import { figures, p95, sample } from './measure.ts'

/** Every family comes in at its own second: the answer of the server to the one before is there already. */
const pauseMs = 30

export const checkInBenchmark: Benchmark = {
  name: 'check-in',
  async run({ loneDesk, facility: { arriving } }) {
    const desk = await loneDesk()
    const entriesOf = (run: number) => arriving[run % arriving.length]?.entries.slice(0, 3) ?? []
    const durable = durableRow(desk.profileFolder)
    const limit: number[] = []
    const measured = await sample({
      warmUp: 20,
      runs: 200,
      work: async (run) => desk.command('check_in.record', { entries: entriesOf(run) }),
      between: async () => {
        limit.push(...(await sample({ warmUp: 0, runs: 1, work: durable.commit })))
        await delay(pauseMs)
      },
    })
    durable.close()
    await desk.drained()
    return [
      {
        benchmark: 'check-in',
        what: 'family of three, Enter to saved, p95',
        value: p95(measured),
        unit: 'ms',
        budget: 10,
        limit: { what: 'one durable commit of such a row', value: p95(limit.slice(20)) },
        figures: figures(measured),
      },
    ]
  },
}
