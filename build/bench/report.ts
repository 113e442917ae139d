type Unit = 'ms' | 's' | 'rows/s' | 'MB'

/** One figure beside its budget and its limit. */
export interface Line {
  readonly benchmark: string
  readonly what: string
  readonly value: number
  readonly unit: Unit
  /** Of DESIGN.md §12, in the same unit: not less for rows/s, not more for anything else. */
  readonly budget?: number
  /** What no program could beat, taken in the same run, in the same unit. */
  readonly limit?: { readonly what: string; readonly value: number }
  /** Further figures, in the same unit unless their name says otherwise. */
  readonly figures?: Readonly<Record<string, number>>
}

/** Value to limit: how many times slower, or for rows/s which share of it. */
const ratioOf = ({ value, limit }: Line): number | undefined => limit && value / limit.value

const isWithin = ({ value, budget, unit }: Line): boolean | undefined =>
  budget === undefined ? undefined : unit === 'rows/s' ? value >= budget : value <= budget

/** What `--json` prints for one line. */
export const toJson = (line: Line) => ({ ...line, ratio: ratioOf(line), within_budget: isWithin(line) })

const digits = (value: number): string =>
  value.toLocaleString('en', { maximumFractionDigits: value < 10 ? 2 : value < 100 ? 1 : 0 })

const cells = (line: Line): readonly string[] => {
  const { benchmark, what, value, unit, budget, limit, figures } = line
  const ratio = ratioOf(line)
  const isOver = isWithin(line) === false
  return [
    benchmark,
    what,
    `${digits(value)} ${unit}`,
    budget === undefined ? '' : `${digits(budget)}${isOver ? ' over' : ''}`,
    limit ? digits(limit.value) : '',
    ratio === undefined ? '' : ratio < 1 ? `${Math.round(ratio * 100)} %` : `${digits(ratio)} x`,
    [
      ...Object.entries(figures ?? {}).map(([name, figure]) => `${name} ${digits(figure)}`),
      ...(limit ? [`limit: ${limit.what}`] : []),
    ].join(', '),
  ]
}

const heads = ['benchmark', 'what', 'measured', 'budget', 'limit', 'ratio', '']

/** The lines as a table for people. */
export const toTable = (lines: readonly Line[]): string => {
  const rows = [heads, ...lines.map(cells)]
  const widths = heads.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === heads.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
