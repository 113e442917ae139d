import type { Kysely } from 'kysely'
import type { z } from 'zod'
import type { Permission } from '../permissions.ts'
import type { SearchDatabase } from '../schema/search-index.ts'

/** What a query may know besides its arguments. */
export interface QueryContext {
  readonly facilityId: string
  readonly deviceId: string
  readonly staffId: string
  readonly permissions: ReadonlySet<Permission>
}

/** A named read. The window knows it by name; the data process validates, checks the role and runs it. */
export interface Query<A, R> {
  readonly name: string
  readonly args: z.ZodType<A>
  readonly permission: Permission
  readonly run: (db: Kysely<SearchDatabase>, args: A, context: QueryContext) => Promise<R>
}

export const defineQuery = <A, R>(query: Query<A, R>): Query<A, R> => query
