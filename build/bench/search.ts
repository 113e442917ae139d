import { searchExpression, typedWords } from '../../src-shared/rules/search-terms.ts'
import type { Benchmark } from './benchmark.ts'
import { figures, p95, sample } from './measure.ts'
import type { Place } from './place.ts'
import { openReplicaOf } from './replica-file.ts'

const people = 60

/** What the search box holds after each key, while people are looked for by surname, by child, or by phone. */
export const keystrokes = async ({ sql }: Place): Promise<readonly string[]> => {
  const found = await sql<{ surname: string; child: string; phone: string | null }>(
    `select f.name as surname, s.first_name || ' ' || f.name as child, right(g.phone_e164, 4) as phone
     from families f join family_students l on l.family_id = f.id join students s on s.id = l.student_id
       join guardians g on g.family_id = f.id
     order by md5(s.id::text) limit $1`,
    [people],
  )
  const typed = found.map(({ surname, child, phone }, index) => [surname, child, phone ?? surname][index % 3] ?? '')
  return typed.flatMap((text) => Array.from({ length: Math.min(text.length, 12) }, (_, end) => text.slice(0, end + 1)))
}

export const searchBenchmark: Benchmark = {
  name: 'search',
  async run(place) {
    const desk = await place.loneDesk()
    const texts = await keystrokes(place)
    const textOf = (run: number): string => texts[run % texts.length] ?? ''
    const search = async (run: number) =>
      desk.query('counter.search', { text: textOf(run), now: new Date().toISOString() })
    const measured = await sample({ warmUp: 100, runs: texts.length, work: search })

    const db = await openReplicaOf(desk)
    const match = db.prepare('select family_id from search_index where search_index match ? limit 51')
    const bare = await sample({
      warmUp: 100,
      runs: texts.length,
      work: (run) => match.all(searchExpression(typedWords(textOf(run)))),
    })
    db.close()
    return [
      {
        benchmark: 'search',
        what: 'per keystroke, p95',
        value: p95(measured),
        unit: 'ms',
        budget: 5,
        limit: { what: 'FTS5 MATCH alone', value: p95(bare) },
        figures: figures(measured),
      },
    ]
  },
}
