import { searchTerms } from '../rules/search-terms.ts'
import type { ReplicaDatabase } from './sqlite.ts'

/** Keeps the full-text index equal to the rows it is made of, inside the writer's transaction. */
export interface SearchIndex {
  /** Indexes again every family that a trigger has named since the last time. Answers whether there was any. */
  readonly refresh: () => boolean
}

const changesOf = (table: string, family: (row: 'new' | 'old') => string): readonly string[] =>
  (['insert', 'update', 'delete'] as const).map((when) => {
    const rows =
      when === 'insert' ? (['new'] as const) : when === 'delete' ? (['old'] as const) : (['old', 'new'] as const)
    const body = rows.map((row) => `insert into search_dirty ${family(row)};`).join(' ')
    return `create temp trigger if not exists search_${when}_${table} after ${when} on main.${table} begin ${body} end`
  })

const triggers = [
  ...changesOf('families', (row) => `values (${row}.id)`),
  ...changesOf('guardians', (row) => `values (${row}.family_id)`),
  ...changesOf('family_students', (row) => `values (${row}.family_id)`),
  ...changesOf('students', (row) => `select family_id from main.family_students where student_id = ${row}.id`),
]

/**
 * Keeps a filled index by triggers on this connection. Once more on the same connection is well: a commit may fail and have
 * taken effect (FAULTS D5).
 */
export const installSearchIndex = (db: ReplicaDatabase): SearchIndex => {
  db.exec('create temp table if not exists search_dirty (family_id text)')
  for (const trigger of triggers) db.exec(trigger)
  const index = familyIndexer(db)
  const dirty = db.prepare('select distinct family_id from search_dirty').pluck()
  const clean = db.prepare('delete from search_dirty')

  return {
    refresh() {
      const families = dirty.all([]).map(String)
      if (families.length === 0) return false
      for (const family of families) index(family)
      clean.run([])
      return true
    },
  }
}

/** Some ten milliseconds of work. */
const familiesPerStep = 200

/** Fills the index, family by family; each step is a transaction of its own. */
export function* searchIndexSteps(db: ReplicaDatabase): Generator<() => void> {
  const index = familyIndexer(db)
  const families = db.prepare('select id from families').pluck().all([]).map(String)
  yield () => void db.exec('delete from search_index; delete from search_families')
  for (let from = 0; from < families.length; from += familiesPerStep) {
    yield db.transaction(() => {
      for (const family of families.slice(from, from + familiesPerStep)) index(family)
    })
  }
}

type Family = Parameters<typeof searchTerms>[0]
type Guardians = Parameters<typeof searchTerms>[1]
type Students = Parameters<typeof searchTerms>[2]

const familyIndexer = (db: ReplicaDatabase): ((familyId: string) => void) => {
  const family = db.prepare('select * from families where id = ?')
  const guardians = db.prepare('select * from guardians where family_id = ? order by priority, id')
  const students = db.prepare(
    `select students.* from students join family_students on family_students.student_id = students.id
      where family_students.family_id = ? order by students.id`,
  )
  const rowOf = db.prepare('select id from search_families where family_id = ?').pluck()
  const addRow = db.prepare('insert into search_families (family_id) values (?)')
  const drop = db.prepare('delete from search_index where rowid = ?')
  const add = db.prepare('insert into search_index (rowid, family_id, terms) values (?, ?, ?)')

  return (familyId) => {
    const known = rowOf.get([familyId])
    if (known !== undefined) drop.run([known])
    const row = family.get([familyId]) as Family | undefined
    if (!row) return
    const id = known ?? addRow.run([familyId]).lastInsertRowid
    // The rows are the replica's own, written through the definitions.
    const terms = searchTerms(row, guardians.all([familyId]) as Guardians, students.all([familyId]) as Students)
    add.run([id, familyId, terms])
  }
}
