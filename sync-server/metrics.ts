/** A number that Prometheus reads: a counter is added to, a gauge is asked when somebody reads. */
interface Metric {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  readonly samples: () => Iterable<readonly [labels: string, value: number]>
}

export interface Counter {
  /** `label` is the value of the counter's one label. */
  readonly add: (label: string) => void
}

export interface Metrics {
  readonly counter: (name: string, help: string, label: string) => Counter
  readonly gauge: (name: string, help: string, read: () => number) => void
  /** Everything in Prometheus' text format. */
  readonly text: () => string
}

/** The few numbers of this process. Labels come from closed lists, never from what a client sent. */
export const createMetrics = (): Metrics => {
  const metrics: Metric[] = []
  return {
    counter: (name, help, label) => {
      const values = new Map<string, number>()
      metrics.push({ name, help, type: 'counter', samples: () => values })
      return {
        add: (value) => {
          const labels = `{${label}="${value}"}`
          values.set(labels, (values.get(labels) ?? 0) + 1)
        },
      }
    },
    gauge: (name, help, read) => {
      metrics.push({ name, help, type: 'gauge', samples: () => [['', read()]] })
    },
    text: () => metrics.map(format).join(''),
  }
}

const format = ({ name, help, type, samples }: Metric): string => {
  const lines = [...samples()].map(([labels, value]) => `${name}${labels} ${value}\n`)
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`
}
