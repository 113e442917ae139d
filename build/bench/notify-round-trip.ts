import { setTimeout as delay } from 'node:timers/promises'
import { Client, type Notification } from 'pg'
import { timed } from './measure.ts'
import type { Place } from './place.ts'

const pauseMs = 20

/** Milliseconds from inserting a row with NOTIFY until another connection has heard of it and read it. */
export const notifyRoundTrips = async ({ stack, sql }: Place, runs: number): Promise<readonly number[]> => {
  // In a schema of its own, beside what the desks follow.
  await sql('create schema if not exists bench')
  await sql('create table if not exists bench.notes (id int8 generated always as identity primary key, body text)')
  const [writer, reader] = [0, 1].map(() => new Client({ connectionString: stack.postgresUrl })) as [Client, Client]
  await Promise.all([writer.connect(), reader.connect()])
  await reader.query('listen bench')
  const trip = async (): Promise<void> => {
    const { promise, resolve } = Promise.withResolvers<string>()
    reader.once('notification', (notification: Notification) => resolve(notification.payload ?? ''))
    await writer.query(
      `with new as (insert into bench.notes (body) values ($1) returning id) select pg_notify('bench', id::text) from new`,
      ['x'.repeat(400)],
    )
    await reader.query('select * from bench.notes where id = $1', [await promise])
  }
  const values: number[] = []
  for (let run = 0; run < runs + 5; run += 1) {
    values.push(await timed(trip))
    await delay(pauseMs)
  }
  await Promise.all([writer.end(), reader.end()])
  return values.slice(5)
}
