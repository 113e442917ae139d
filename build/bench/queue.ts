import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { v7 } from 'uuid'
import type { MutationEnvelope } from '../../src-shared/contract/http.ts'
import { toMutationId } from '../../src-shared/ids.ts'
import { openEncrypted } from '../../src-main/data/sqlite.ts'
import type { BenchDesk } from './bench-desk.ts'
import type { Benchmark } from './benchmark.ts'
import { placesToday } from './drain.ts'
import { figures, p95, sample, timed } from './measure.ts'
import { residentMb } from './memory.ts'
import type { Place } from './place.ts'
import type { Line } from './report.ts'
import { dataKeyOf } from './replica-file.ts'
import { keystrokes } from './search.ts'

/** A very long outbox (FAULTS D11). */
const queued = 100_000
/** How long the desk may take over all of it. */
const patienceMs = 900_000

/** Copies the last mutation into `desk.db`, as clicks would in weeks. The desk is stopped. */
const fillOutbox = async (desk: BenchDesk, argsOf: (run: number) => unknown): Promise<void> => {
  const key = await dataKeyOf(desk)
  const db = openEncrypted(join(desk.profileFolder, 'desk.db'), { key, synchronous: 'FULL' })
  const last = db.prepare('select envelope from mutations order by seq desc limit 1').pluck().get()
  const model = JSON.parse(String(last)) as MutationEnvelope
  const insert = db.prepare('insert into mutations (seq, id, envelope, at) values (?, ?, ?, ?)')
  db.transaction(() => {
    for (let run = 1; run <= queued; run += 1) {
      const mutation = { ...model, id: toMutationId(v7()), seq: model.seq + run, args: argsOf(run) }
      insert.run(mutation.seq, mutation.id, JSON.stringify(mutation), mutation.at)
    }
    db.prepare("update series set next = ? where kind = 'mutation'").run(model.seq + queued + 1)
  }).immediate()
  db.close()
}

const empty = async (desk: BenchDesk): Promise<void> => {
  const begin = performance.now()
  while ((await desk.call('sync.status')).waiting > 0) {
    if (performance.now() - begin > patienceMs) throw new Error('The queue did not drain.')
    await delay(200)
  }
}

const measureCounter = async (place: Place, desk: BenchDesk, argsOf: (run: number) => unknown) => {
  const texts = await keystrokes(place)
  const search = async (run: number) =>
    desk.query('counter.search', { text: texts[run % texts.length], now: new Date().toISOString() })
  return {
    checkIn: await sample({ warmUp: 10, runs: 100, work: (run) => desk.command('check_in.record', argsOf(run)) }),
    search: await sample({ warmUp: 50, runs: 200, work: search }),
    status: await sample({ warmUp: 5, runs: 50, work: () => desk.call('sync.status') }),
    waiting: await sample({ warmUp: 2, runs: 20, work: () => desk.call('sync.waiting') }),
  }
}

/** A desk that has been without internet for weeks: it works as ever, and gets rid of it all when the internet is back. */
export const queueBenchmark: Benchmark = {
  name: 'queue',
  async run(place) {
    const desk = await place.loneDesk()
    await desk.drained()
    const places = await placesToday(place)
    const argsOf = (run: number) => ({ entries: places.slice(run % places.length, (run % places.length) + 1) })
    await place.stack.stopServer()
    await desk.command('check_in.record', argsOf(0))
    await desk.stop()
    await fillOutbox(desk, argsOf)
    // The replica has nothing of it yet, as after a replica that was lost: the longest start there is.
    const begin = performance.now()
    desk.start()
    await desk.signIn()
    const replay = (performance.now() - begin) / 1000
    place.log(`… ${queued} replayed in ${replay.toFixed(0)} s`)
    const measured = await measureCounter(place, desk, argsOf)
    const [megabytes = Number.NaN] = residentMb('src-main/data/main.ts')
    await place.stack.startServer()
    const drain = (await timed(() => empty(desk))) / 1000
    const line = { benchmark: 'queue', unit: 'ms' } as const
    const lines: readonly Line[] = [
      { ...line, what: `check-in with ${queued} waiting, p95`, value: p95(measured.checkIn), budget: 10 },
      { ...line, what: 'search with as many, p95', value: p95(measured.search), budget: 5 },
      {
        ...line,
        what: 'status with as many, p95',
        value: p95(measured.status),
        figures: { ...figures(measured.status), waiting_list_p95: p95(measured.waiting) },
      },
      { ...line, what: 'data process with as many', value: megabytes, unit: 'MB' },
      {
        ...line,
        what: 'all of them drained',
        value: drain,
        unit: 's',
        figures: { per_second: queued / drain, replayed_at_start: replay },
      },
    ]
    return lines
  },
}
