import type { Table } from '../../src-shared/schema/table.ts'
import { syncedTables, type SyncedTableName } from '../../src-shared/schema/tables.ts'
import { oneWriter } from '../../src-main/data/one-writer.ts'
import { academy } from './academy.ts'
import type { Backend, CommandTx, Everything } from './command-backend.ts'
import type { Rows } from './counter-rows.ts'
import { openMemoryReplica } from './replica-memory.ts'

/** A replica in memory that gets what the facility of `academy` sees of the rows. */
export const openSqliteBackend = async (): Promise<Backend> => {
  const replica = openMemoryReplica()
  let links: Links = { families: new Set(), students: new Set() }
  return {
    async clear() {
      for (const table of Object.keys(syncedTables)) replica.sqlite.exec(`delete from "${table}"`)
      links = { families: new Set(), students: new Set() }
    },
    async insert(rows) {
      links = linksWith(links, rows)
      for (const table of Object.values(syncedTables)) {
        const own: readonly object[] = rows[table.name as keyof Rows] ?? []
        // The border: rows by table name lose their types in a loop.
        for (const row of own) if (isSeen(table, row, links)) replica.insert(table.name as never, row as never)
      }
    },
    transact: (work) =>
      replica.db
        .transaction()
        // The search index is one table more than commands know.
        .execute((tx) => work(tx as unknown as CommandTx, oneWriter)),
    async read<T extends SyncedTableName>(tables: readonly T[]) {
      const rows = tables.map((table) => [table, replica.sqlite.prepare(`select * from "${table}" order by id`).all()])
      // The border: the schema is made of the definitions.
      return Object.fromEntries(rows) as Pick<Everything, T>
    },
    async close() {
      replica.close()
    },
  }
}

/** The families and students that the facility sees. */
interface Links {
  readonly families: ReadonlySet<unknown>
  readonly students: ReadonlySet<unknown>
}

const linksWith = (links: Links, { family_facilities = [], family_students = [] }: Rows): Links => {
  const here = family_facilities.filter((link) => link.facility_id === academy.facility_id)
  const families = new Set([...links.families, ...here.map((link) => link.family_id)])
  const seen = family_students.filter((link) => families.has(link.family_id))
  return { families, students: new Set([...links.students, ...seen.map((link) => link.student_id)]) }
}

/** Whether a row comes down to the facility, by the scope of its definition (DESIGN.md §4). */
const isSeen = ({ scope }: Table, row: object, links: Links): boolean => {
  if (scope.kind === 'server') return false
  const value: unknown = Reflect.get(row, scope.column)
  const isSeenBy = {
    facility: value === academy.facility_id,
    organization: value === academy.organization_id,
    family: links.families.has(value),
    student: links.students.has(value),
  }
  return isSeenBy[scope.kind]
}
