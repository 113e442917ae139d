import type { InstantText } from '../../src-shared/time.ts'
import { draftAttendance, draftStoryArrivals } from './attendance.ts'
import { draftSchool } from './classes.ts'
import { type AcademyRows, noRows } from './draft.ts'
import { draftInvoices } from './invoices.ts'
import { draftOrganization } from './organization.ts'
import { draftPayments } from './payments.ts'
import { draftPeople } from './people.ts'
import { createRandom } from './random.ts'
import { createCalendar } from './schedule.ts'
import { draftStory } from './story-sessions.ts'
import { draftClinics, draftWeeks } from './timetable.ts'

const demoSeed = 2026

const beforeEverythingMs = 200 * 24 * 3600_000
const arrivedEarly = 4

/**
 * The demo academy as rows: two sites, some 165 children in 84 families, six months of sessions around today. The same
 * for the same instant and seed. Passwords are not among the rows: they are hashed when it is loaded.
 */
export const demoAcademy = (now: InstantText, seed = demoSeed): AcademyRows => {
  const random = createRandom(seed, Date.parse(now) - beforeEverythingMs)
  const draft = { now, random, rows: noRows() }
  const { sites, organizationId } = draftOrganization(draft)
  const children = draftPeople(draft, sites, organizationId)
  const school = draftSchool(draft, sites, children)
  const stage = { draft, calendar: createCalendar(), school, children }

  // The story first: whatever else happens today gives way to it.
  const story = sites.flatMap((site) => draftStory(stage, site).slice(0, 1))
  const meetings = sites.flatMap((site) => [...draftWeeks(stage, site), ...draftClinics(stage, site)])
  draftAttendance(stage, meetings)
  for (const roll of story) draftStoryArrivals(stage, roll, arrivedEarly)
  const bills = draftInvoices({ draft, classes: school.classes, children }, sites)
  draftPayments(draft, bills, children)
  return draft.rows
}
