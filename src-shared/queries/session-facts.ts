import type { Kysely } from 'kysely'
import type { SearchDatabase } from '../schema/search-index.ts'

/** Sessions with what a person calls them by: class, program, space and instructor. */
export const sessionFacts = (db: Kysely<SearchDatabase>) =>
  db
    .selectFrom('sessions')
    .innerJoin('classes', 'classes.id', 'sessions.class_id')
    .innerJoin('programs', 'programs.id', 'classes.program_id')
    .leftJoin('spaces', 'spaces.id', 'sessions.space_id')
    .leftJoin('staff as instructor', 'instructor.id', 'sessions.instructor_id')
    .select([
      'sessions.id',
      'classes.name as class_name',
      'classes.level',
      'programs.name as program_name',
      'programs.color as program_color',
      'spaces.name as space_name',
      'instructor.first_name as instructor_first',
      'instructor.last_name as instructor_last',
      'sessions.starts_at',
      'sessions.ends_at',
      'sessions.status',
      'sessions.capacity',
      'sessions.roll_closed_at',
    ])

/** Null for nobody. */
export const fullName = (first: string | null, last: string | null): string | null =>
  first === null ? null : `${first} ${last ?? ''}`.trim()
