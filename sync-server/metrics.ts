import { Counter as PrometheusCounter, Gauge, Registry } from 'prom-client'

export interface Counter {
  /** `label` is the value of the counter's one label. */
  readonly add: (label: string) => void
}

/** One number for each value of a label. */
export type Samples = Iterable<readonly [label: string, value: number]>

export interface Metrics {
  readonly counter: (name: string, help: string, label: string) => Counter
  /** Asked when somebody reads. */
  readonly gauge: (name: string, help: string, read: () => number) => void
  /** The same for several, told apart by one label; whoever is not named any more is gone. */
  readonly gauges: (name: string, help: string, label: string, read: () => Samples) => void
  /** Everything in Prometheus' text format. */
  readonly text: () => Promise<string>
}

/**
 * The few numbers of this process, counted by prom-client. Labels come from closed lists, never from what a client sent;
 * those that name devices (by id, never a person) are bounded by whoever reads them out.
 */
export const createMetrics = (): Metrics => {
  // Of its own, because tests run several servers in one process.
  const registers = [new Registry()]
  return {
    counter: (name, help, label) => {
      const counter = new PrometheusCounter({ name, help, labelNames: [label], registers })
      return { add: (value) => counter.inc({ [label]: value }) }
    },
    gauge: (name, help, read) => {
      const gauge: Gauge = new Gauge({ name, help, registers, collect: () => gauge.set(read()) })
    },
    gauges: (name, help, label, read) => {
      const collect = (): void => {
        gauge.reset()
        for (const [of, value] of read()) gauge.set({ [label]: of }, value)
      }
      const gauge = new Gauge({ name, help, labelNames: [label], registers, collect })
    },
    text: async () => (await Promise.all(registers.map((registry) => registry.metrics()))).join('\n'),
  }
}
