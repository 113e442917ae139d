/** What the demo promises to whoever starts it, whatever the clock says (JOURNEYS J1-J3). */
export interface SiteStory {
  readonly facilityCode: string
  /** Three children, each with a session whose check-in is open, one of them a make-up; something to pay. */
  readonly family: string
  readonly children: readonly [string, string, string]
  /** The class with exactly twelve booked swimmers that starts soon; the family's first child is one of them. */
  readonly rollClass: string
  /** What the family owes, in minor units, and since how many days it is overdue. */
  readonly owes: number
  readonly overdueDays: number
}

export const demoStories: readonly SiteStory[] = [
  {
    facilityCode: 'WER',
    family: 'Brennan',
    children: ['Mia', 'Noah', 'Isla'],
    rollClass: 'Dolphins 2',
    owes: 6400,
    overdueDays: 21,
  },
  {
    facilityCode: 'GEE',
    family: 'Castellano',
    children: ['Luca', 'Sofia', 'Matteo'],
    rollClass: 'Dolphins 2',
    owes: 6400,
    overdueDays: 21,
  },
]

export const storyOf = (facilityCode: string): SiteStory => {
  const story = demoStories.find((candidate) => candidate.facilityCode === facilityCode)
  if (!story) throw new Error(`There is no story for the facility ${facilityCode}.`)
  return story
}

/** Who can sign in to the demo, one person per role. The passwords are public: the demo is for trying out. */
export const demoSignIns = [
  {
    role: 'front_desk',
    title: 'Front desk',
    first_name: 'Olivia',
    last_name: 'Hart',
    sign_in_name: 'olivia',
    password: 'front-desk-1',
  },
  {
    role: 'lead_instructor',
    title: 'Instructor',
    first_name: 'Tom',
    last_name: 'Waititi',
    sign_in_name: 'tom',
    password: 'pool-side-2',
  },
  {
    role: 'campus_manager',
    title: 'Manager',
    first_name: 'Amina',
    last_name: 'Diallo',
    sign_in_name: 'amina',
    password: 'cash-up-3',
  },
  {
    role: 'admin',
    title: 'Admin',
    first_name: 'Robert',
    last_name: 'Lang',
    sign_in_name: 'robert',
    password: 'all-keys-4',
  },
] as const

export type DemoRole = (typeof demoSignIns)[number]['role']
