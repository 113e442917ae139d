import { Client, escapeIdentifier } from 'pg'

/** Rows of one table that go in by one statement. */
export interface RowBatch {
  readonly table: string
  readonly rows: readonly object[]
}

/** More does not go faster, and costs memory on both sides. */
const rowsPerStatement = 5000

/** Runs `work` as the owner of the tables: row-level security is forced, and only the owner may fill them whole. */
export const asOwner = async <T>(url: string, work: (client: Client) => Promise<T>): Promise<T> => {
  const client = new Client({ connectionString: url, application_name: 'foyer demo' })
  await client.connect()
  try {
    await client.query('set role foyer_owner')
    return await work(client)
  } finally {
    await client.end()
  }
}

export const inTransaction = async (client: Client, work: () => Promise<void>): Promise<void> => {
  await client.query('begin')
  try {
    await work()
    await client.query('commit')
  } catch (error) {
    // The first error is the one that explains.
    await client.query('rollback').catch(() => undefined)
    throw error
  }
}

/** Inserts rows in the forms of the definitions; their columns are found by name. */
export const insertRows = async (client: Client, { table, rows }: RowBatch): Promise<void> => {
  const name = escapeIdentifier(table)
  for (let from = 0; from < rows.length; from += rowsPerStatement) {
    const some = JSON.stringify(rows.slice(from, from + rowsPerStatement))
    await client.query(`insert into ${name} select * from json_populate_recordset(null::${name}, $1)`, [some])
  }
}
