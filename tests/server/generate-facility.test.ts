import { expect, test } from 'vitest'
import { loadGeneratedFacility } from '../../build/demo/load.ts'
import { createFoyerDatabase } from '../support/foyer-database.ts'

test('PostgreSQL takes a generated facility, and its log has every row of it', async () => {
  const database = await createFoyerDatabase()
  try {
    const size = { people: 400, marks: 3000, now: '2026-11-21T01:00:00.000Z' }

    const { facilityId } = await loadGeneratedFacility({ url: database.adminUrl, ...size })

    const logged = await database.admin
      .selectFrom('sync_log')
      .select(({ fn }) => ['table_name', fn.count<number>('row_id').distinct().as('rows')])
      .where('facility_id', '=', facilityId)
      .where('table_name', 'in', ['students', 'guardians', 'attendance_marks'])
      .groupBy('table_name')
      .execute()
    const rows = Object.fromEntries(logged.map((entry) => [entry.table_name, entry.rows]))
    expect(rows['attendance_marks']).toBe(size.marks)
    expect((rows['students'] ?? 0) + (rows['guardians'] ?? 0)).toBe(size.people)
  } finally {
    await database.drop()
  }
})
