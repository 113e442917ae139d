import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'

/** What PostgreSQL's sessions are doing, as shares of those that are in a transaction. */
export type Waits = Readonly<Record<string, number>>

const everyMs = 100
const mostShown = 4

/** Looks again and again, until `isOver`, what the server's sessions wait for. */
export const sampleWaits = async (client: Client, isOver: () => boolean): Promise<Waits> => {
  const counts = new Map<string, number>()
  let all = 0
  while (!isOver()) {
    const { rows } = await client.query<{ what: string }>(`
      select coalesce(wait_event_type || ' ' || wait_event, 'running') as what from pg_stat_activity
      where application_name = 'foyer' and state <> 'idle'`)
    for (const { what } of rows) counts.set(what, (counts.get(what) ?? 0) + 1)
    all += rows.length
    await delay(everyMs)
  }
  const sorted = [...counts].toSorted(([, a], [, b]) => b - a).slice(0, mostShown)
  return Object.fromEntries(sorted.map(([what, count]) => [what, Math.round((count / all) * 100) / 100]))
}
