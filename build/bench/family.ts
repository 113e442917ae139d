import { permissions } from '../../src-shared/permissions.ts'
import { counterFamily } from '../../src-shared/queries/family.ts'
import type { Benchmark } from './benchmark.ts'
import { figures, p95, sample } from './measure.ts'
import { bareStatements, openReplicaOf } from './replica-file.ts'

const families = 300

export const familyBenchmark: Benchmark = {
  name: 'family',
  async run(place) {
    const desk = await place.loneDesk()
    const ids = (
      await place.sql<{ id: string }>(
        `select id from families where id in (select family_id from family_students) order by md5(id::text) limit $1`,
        [families],
      )
    ).map(({ id }) => id)
    const argsOf = (run: number) => ({ family_id: ids[run % ids.length] ?? '', now: new Date().toISOString() })
    const measured = await sample({
      warmUp: 50,
      runs: ids.length,
      work: async (run) => desk.query('counter.family', argsOf(run)),
    })

    const db = await openReplicaOf(desk)
    const context = {
      facilityId: place.facility.facilityId,
      deviceId: '',
      staffId: '',
      permissions: new Set(permissions),
    }
    const bare = await Promise.all(
      ids.map(async (_, run) => bareStatements(db, async (reads) => counterFamily.run(reads, argsOf(run), context))),
    )
    const limit = await sample({ warmUp: 50, runs: ids.length, work: (run) => bare[run % bare.length]?.() })
    db.close()
    return [
      {
        benchmark: 'family',
        what: 'open a family, p95',
        value: p95(measured),
        unit: 'ms',
        budget: 15,
        limit: { what: 'its statements alone', value: p95(limit) },
        figures: figures(measured),
      },
    ]
  },
}
