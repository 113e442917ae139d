/** What happened in a run, for people who look for the cause of a failure, and counts of everything. */
export interface History {
  readonly note: (actor: string, event: string) => void
  /** One more of this kind: `fault …`, `operation …`, `check …`. */
  readonly count: (kind: string, by?: number) => void
  readonly counts: () => Readonly<Record<string, number>>
  /** The last lines. */
  readonly tail: (lines: number) => readonly string[]
  /** The same for the same course of events. */
  readonly digest: () => string
}

const kept = 2000

export const createHistory = (elapsed: () => number): History => {
  const lines: string[] = []
  const counts = new Map<string, number>()
  let digest = 0x811c9dc5
  return {
    note(actor, event) {
      const line = `${(elapsed() / 1000).toFixed(3).padStart(11)} s  ${actor.padEnd(9)} ${event}`
      for (let index = 0; index < line.length; index += 1) {
        digest = Math.imul(digest ^ line.charCodeAt(index), 0x01000193)
      }
      lines.push(line)
      if (lines.length > kept) lines.splice(0, kept / 2)
    },
    count: (kind, by = 1) => void counts.set(kind, (counts.get(kind) ?? 0) + by),
    counts: () => Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    tail: (count) => lines.slice(-count),
    digest: () => (digest >>> 0).toString(16).padStart(8, '0'),
  }
}
