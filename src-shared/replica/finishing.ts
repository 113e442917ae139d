import { indexDdl } from './schema.ts'
import { searchIndexSteps } from './search-index.ts'
import type { ReplicaDatabase } from './sqlite.ts'

/**
 * What a loaded replica needs to be used, each step on its own, so that others can work in between. After a cut they are
 * all done again.
 */
export function* finishingSteps(db: ReplicaDatabase): Generator<() => void> {
  for (const ddl of indexDdl) yield () => void db.exec(ddl)
  yield* searchIndexSteps(db)
  yield () => {
    // Some rows of each index tell enough, and reading all took as long as making the indexes.
    db.pragma('analysis_limit = 1000')
    db.exec('analyze')
  }
}
