import { addDays, type InstantText } from '../../src-shared/time.ts'
import { type Draft, noRows, type RowOf, tablesInOrder } from './draft.ts'
import { type ArrivingFamily, generateDay, generateNow } from './generate-days.ts'
import { type Big, generatePeople } from './generate-people.ts'
import type { RowBatch } from './insert.ts'
import { draftOrganization } from './organization.ts'
import { createRandom } from './random.ts'

export interface FacilitySize {
  /** Students and guardians together. */
  readonly people: number
  /** Attendance marks, spread over the last six months. */
  readonly marks: number
  readonly now: InstantText
  readonly seed?: number
}

export interface GeneratedFacility {
  readonly organizationId: string
  readonly facilityId: string
  readonly staff: readonly RowOf<'staff'>[]
  /** Where the rows can be looked up that a benchmark wants to work on. */
  readonly arriving: readonly ArrivingFamily[]
}

const daysBack = 180
const daysAhead = 7

/**
 * One facility of any size, batch by batch, parents before children; a few batches are in memory at a time. The same for
 * the same size, instant and seed. Returns what a benchmark needs to find its way.
 */
export function* generateFacility(size: FacilitySize): Generator<RowBatch, GeneratedFacility> {
  const { now, seed = 1 } = size
  const random = createRandom(seed, Date.parse(now) - 200 * 24 * 3600_000)
  const draft: Draft = { now, random, rows: noRows() }
  const { sites, organizationId } = draftOrganization(draft)
  const [site] = sites
  if (!site) throw new Error('The organization has no facility.')
  const big = { draft, site }
  const classIds = draftClasses(big)
  yield* batches(draft)

  const enrolled = yield* generatePeople(big, size.people)
  let marksLeft = size.marks
  for (let day = -daysBack; day <= daysAhead; day += 1) {
    const marks = day < 0 ? Math.ceil(marksLeft / -day) : 0
    const places = day < 0 ? marks : Math.min(Math.ceil(size.marks / daysBack), enrolled.length)
    yield* generateDay(big, { date: addDays(site.today, day), day, marks, places, enrolled, classIds })
    marksLeft -= marks
  }
  const arriving = yield* generateNow(big, { enrolled, classIds })
  return { organizationId, facilityId: site.facility.id, staff: draft.rows.staff, arriving }
}

const draftClasses = ({ draft: { random, rows }, site }: Big): readonly string[] => {
  for (let number = 1; number <= 200; number += 1) {
    rows.classes.push({
      id: random.id(),
      facility_id: site.facility.id,
      program_id: random.pick(rows.programs).id,
      name: `Group ${number}`,
      level: `Level ${random.int(1, 6)}`,
      mode: 'term',
      capacity: 14,
      archived_at: null,
    })
  }
  return rows.classes.map(({ id }) => id)
}

function* batches({ rows }: Draft): Generator<RowBatch> {
  for (const table of tablesInOrder) if (rows[table].length > 0) yield { table, rows: rows[table] }
}
