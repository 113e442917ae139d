import type { InstantText } from '../../src-shared/time.ts'
import { normalizeSignInName } from '../../src-shared/sign-in-name.ts'
import { hashPassword } from '../../sync-server/auth/sign-in.ts'
import { demoAcademy } from './academy.ts'
import { type RowOf, tablesInOrder } from './draft.ts'
import { type FacilitySize, generateFacility, type GeneratedFacility } from './generate.ts'
import { asOwner, inTransaction, insertRows } from './insert.ts'
import { demoSignIns } from './story.ts'

export interface DemoOptions {
  /** Of the database's admin: a member of foyer_owner. */
  readonly url: string
  readonly now: InstantText
  readonly seed?: number
}

/**
 * Fills a migrated, empty database with the demo academy, in one transaction. Says whether it did: a database that has
 * an organization already is left alone. The triggers write the facility log.
 */
export const loadDemoAcademy = async ({ url, now, seed }: DemoOptions): Promise<boolean> =>
  asOwner(url, async (client) => {
    const { rowCount } = await client.query('select from organizations limit 1')
    if (rowCount) return false
    const rows = demoAcademy(now, seed)
    rows.staff_credentials.push(...(await credentials(rows.staff)))
    await inTransaction(client, async () => {
      for (const table of tablesInOrder) await insertRows(client, { table, rows: rows[table] })
    })
    await client.query('analyze')
    return true
  })

/** How many rows go into one transaction: the triggers keep its row images until it commits. */
const rowsPerTransaction = 50_000

/** Fills a migrated, empty database with a facility of any size; the demo's people can sign in there too. */
export const loadGeneratedFacility = async ({
  url,
  ...size
}: FacilitySize & { readonly url: string }): Promise<GeneratedFacility> =>
  asOwner(url, async (client) => {
    // Nothing is lost that could not be generated again.
    await client.query('set synchronous_commit = off')
    const batches = generateFacility(size)
    let next = batches.next()
    while (!next.done) {
      await inTransaction(client, async () => {
        for (let rows = 0; !next.done && rows < rowsPerTransaction; next = batches.next()) {
          rows += next.value.rows.length
          await insertRows(client, next.value)
        }
      })
    }
    await insertRows(client, { table: 'staff_credentials', rows: await credentials(next.value.staff) })
    await client.query('analyze')
    return next.value
  })

const credentials = async (staff: readonly RowOf<'staff'>[]): Promise<RowOf<'staff_credentials'>[]> =>
  Promise.all(
    demoSignIns.map(async ({ first_name, last_name, sign_in_name, password }) => {
      const person = staff.find((someone) => someone.first_name === first_name && someone.last_name === last_name)
      if (!person) throw new Error(`${first_name} ${last_name} does not work in the demo academy.`)
      return {
        id: person.id,
        organization_id: person.organization_id,
        sign_in_name: normalizeSignInName(sign_in_name),
        password_hash: await hashPassword(password),
      }
    }),
  )
