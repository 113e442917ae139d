import { type RawBuilder, sql } from 'kysely'

/**
 * Bytes of row images that are worked on in one statement, which may take 5 s. The worst to write as JSON, quotes within
 * quotes, took 0.12 s a megabyte on a busy machine, and three times that beside others.
 */
const mostWritten = 6_000_000
/** Bytes that are unpacked to find out how many they are: some tenths of a second. */
const mostUnpacked = 250_000_000

/** What a row takes on the disk is known; unpacked it has so many times that at best, and never more than 2 MB. */
const bound = sql.raw(`least(2000000, coalesce(pg_column_size("row"), 0)
  * case pg_column_compression("row") when 'pglz' then 90 when 'lz4' then 255 else 1 end)`)

/** With nothing added a row comes out unpacked, and is not written as text. */
const exact = sql.raw(`case when not is_near then 0
  when pg_column_compression("row") is null then coalesce(pg_column_size("row"), 0)
  else pg_column_size("row" || '{}') end`)

/**
 * Entries or rows in an order, with `fits`: whether all before it are little enough work to be done in one statement. The
 * first one always fits.
 */
export const withFits = (entries: RawBuilder<unknown>, order: 'position' | 'row_id') => {
  const before = sql`(order by ${sql.ref(order)} rows between unbounded preceding and 1 preceding)`
  return sql`
    select near.*, is_near and coalesce(sum(${exact}) over ${before}, 0) < ${sql.lit(mostWritten)} as fits
    from (
      select entry.*, coalesce(sum(${bound}) over ${before}, 0) < ${sql.lit(mostUnpacked)} as is_near
      from (${entries}) as entry
    ) as near`
}
