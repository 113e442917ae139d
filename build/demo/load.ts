import type { InstantText } from '../../src-shared/time.ts'
import { hashPassword, normalizeSignInName } from '../../sync-server/auth/sign-in.ts'
import { demoAcademy } from './academy.ts'
import { type AcademyRows, type RowOf, tablesInOrder } from './draft.ts'
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
    rows.staff_credentials.push(...(await credentials(rows)))
    await inTransaction(client, async () => {
      for (const table of tablesInOrder) await insertRows(client, { table, rows: rows[table] })
    })
    await client.query('analyze')
    return true
  })

const credentials = async ({ staff }: AcademyRows): Promise<RowOf<'staff_credentials'>[]> =>
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
