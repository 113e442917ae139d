import { addDays } from '../../src-shared/time.ts'
import type { Draft, RowOf, Site } from './draft.ts'
import type { Child } from './people.ts'
import { laterBy, type SchoolClass, weekdayOf } from './schedule.ts'
import { storyOf } from './story.ts'
import { type ClassTemplate, classTemplates, clinicTemplates } from './templates.ts'

/** A child's place in a class, and until when it gets a booking in each session. */
export interface Place {
  readonly child: Child
  readonly enrollment: RowOf<'enrollments'>
  readonly bookedFrom: string
  readonly bookedUntil: string
}

export interface School {
  readonly classes: readonly SchoolClass[]
  readonly clinics: readonly SchoolClass[]
  /** By class id. */
  readonly places: Map<string, Place[]>
}

/** How far the timetable reaches to either side of today: six months in all. */
export const reachDays = 91

export const draftSchool = (draft: Draft, sites: readonly Site[], children: readonly Child[]): School => {
  const classesFrom = (templates: readonly ClassTemplate[], mode: RowOf<'classes'>['mode']): SchoolClass[] =>
    sites.flatMap((site) => templates.map((template) => draftClass(draft, { site, template, mode })))
  const school: School = {
    classes: classesFrom(classTemplates, 'term'),
    clinics: classesFrom(clinicTemplates, 'drop_in'),
    places: new Map(),
  }
  for (const site of sites) fillStoryClasses(draft, { school, site, children })
  for (const child of children) if (!child.isInStory) enrollByAge(draft, school, child)
  return school
}

const draftClass = (
  { random, rows }: Draft,
  given: { readonly site: Site; readonly template: ClassTemplate; readonly mode: RowOf<'classes'>['mode'] },
): SchoolClass => {
  const { site, template, mode } = given
  const program = rows.programs.find(({ name }) => name === template.program)
  const row: RowOf<'classes'> = {
    id: random.id(),
    facility_id: site.facility.id,
    program_id: program?.id ?? '',
    name: template.name,
    level: template.level,
    mode,
    capacity: template.capacity,
    archived_at: null,
  }
  rows.classes.push(row)
  return { row, template, site }
}

/** Enrolls a child; bookings follow from `bookedFrom` until `bookedUntil`. */
export const enroll = (
  { random, rows }: Draft,
  { of, school }: { readonly of: SchoolClass; readonly school: School },
  given: Pick<Place, 'child' | 'bookedFrom' | 'bookedUntil'> & Pick<RowOf<'enrollments'>, 'status' | 'ends_on'>,
): Place => {
  const enrollment: RowOf<'enrollments'> = {
    id: random.id(),
    facility_id: of.site.facility.id,
    class_id: of.row.id,
    student_id: given.child.student.id,
    status: given.status,
    starts_on: given.bookedFrom,
    ends_on: given.ends_on,
  }
  rows.enrollments.push(enrollment)
  const place = { child: given.child, enrollment, bookedFrom: given.bookedFrom, bookedUntil: given.bookedUntil }
  school.places.set(of.row.id, [...(school.places.get(of.row.id) ?? []), place])
  return place
}

const everyDay = (site: Site) => ({
  bookedFrom: addDays(site.today, -reachDays),
  bookedUntil: addDays(site.today, reachDays),
})

/** How many of the twelve on the roll come every week; a make-up and a trial come on top. */
const regularsOnRoll = 10

/** The story's children, and the regulars of the class whose roll will be called. */
const fillStoryClasses = (
  draft: Draft,
  { school, site, children }: { readonly school: School; readonly site: Site; readonly children: readonly Child[] },
): void => {
  const story = storyOf(site.facility.code)
  const classCalled = (name: string): SchoolClass => findClass(school, site, name)
  const regular = { status: 'enrolled', ends_on: null, ...everyDay(site) } as const
  const own = children.filter((child) => child.isInStory && child.sites.includes(site))
  const classNames = [story.rollClass, 'Football Under 11', 'Mini hoops']
  own.forEach((child, index) =>
    enroll(draft, { of: classCalled(classNames[index] ?? story.rollClass), school }, { child, ...regular }),
  )
  const roll = classCalled(story.rollClass)
  const fitting = children.filter((child) => livesOnlyAt(child, site) && !child.isInStory && fits(child, roll.template))
  for (const child of draft.random.shuffle(fitting).slice(0, regularsOnRoll - 1)) {
    enroll(draft, { of: roll, school }, { child, ...regular })
  }
}

export const findClass = (school: School, site: Site, name: string): SchoolClass => {
  const found = school.classes.find(({ row, site: at }) => at === site && row.name === name)
  if (!found) throw new Error(`There is no class called ${name}.`)
  return found
}

export const fits = ({ age }: Child, { ages }: ClassTemplate): boolean => ages[0] <= age && age <= ages[1]

export const livesOnlyAt = ({ sites }: Child, site: Site): boolean => sites.length === 1 && sites[0] === site

/** One or two classes that fit the age and do not meet at the same time. */
const enrollByAge = (draft: Draft, school: School, child: Child): void => {
  const { random } = draft
  const wanted = random.chance(6) ? 0 : random.chance(68) ? 1 : 2
  const candidates = random.shuffle(
    school.classes.filter(
      ({ row, template, site }) =>
        child.sites.includes(site) && fits(child, template) && row.name !== storyOf(site.facility.code).rollClass,
    ),
  )
  let count = 0
  for (const of of candidates) {
    const places = school.places.get(of.row.id) ?? []
    if (count >= wanted || places.length >= of.row.capacity - 1 || meetsElsewhere(school, child, of)) continue
    enroll(draft, { of, school }, { child, ...enrollmentCourse(draft, of.site) })
    count += 1
  }
}

const meetsElsewhere = (school: School, child: Child, of: SchoolClass): boolean => {
  const slotsOf = ({ template }: SchoolClass) =>
    template.slots.map(([weekday, at]) => ({ weekday, from: at, until: laterBy(at, template.minutes + 10) }))
  const others = school.classes.filter(({ row }) => school.places.get(row.id)?.some((place) => place.child === child))
  return others
    .flatMap(slotsOf)
    .some((a) => slotsOf(of).some((b) => a.weekday === b.weekday && a.from < b.until && b.from < a.until))
}

/** Most children come the whole time; some began later, stopped, wait or pause. */
const enrollmentCourse = (
  { random }: Draft,
  { today }: Site,
): Pick<Place, 'bookedFrom' | 'bookedUntil'> & Pick<RowOf<'enrollments'>, 'status' | 'ends_on'> => {
  const first = addDays(today, -reachDays)
  const last = addDays(today, reachDays)
  const dice = random.int(1, 100)
  if (dice <= 70) return { status: 'enrolled', bookedFrom: first, bookedUntil: last, ends_on: null }
  if (dice <= 84)
    return { status: 'enrolled', bookedFrom: addDays(today, -random.int(7, 60)), bookedUntil: last, ends_on: null }
  const stopped = addDays(today, -random.int(7, 50))
  if (dice <= 88) return { status: 'dropped', bookedFrom: first, bookedUntil: stopped, ends_on: stopped }
  if (dice <= 91) return { status: 'on_hold', bookedFrom: first, bookedUntil: stopped, ends_on: null }
  if (dice <= 94) return { status: 'completed', bookedFrom: first, bookedUntil: stopped, ends_on: stopped }
  if (dice <= 97)
    return {
      status: 'pending_payment',
      bookedFrom: addDays(today, random.int(1, 10)),
      bookedUntil: last,
      ends_on: null,
    }
  // Booked until the day before it begins: never.
  return { status: 'waitlisted', bookedFrom: today, bookedUntil: addDays(today, -1), ends_on: null }
}

export const meetsOn = ({ template }: SchoolClass, date: string): readonly string[] => {
  const weekday = weekdayOf(date)
  return template.slots.filter(([day]) => day === weekday).map(([, at]) => at)
}
