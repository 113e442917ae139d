/** What a week at a site looks like. Times are local; weekdays count from Monday, 1, to Sunday, 7. */
export interface ClassTemplate {
  readonly program: 'Swimming' | 'Football' | 'Basketball'
  readonly name: string
  readonly level: string | null
  readonly ages: readonly [from: number, to: number]
  readonly capacity: number
  readonly minutes: number
  /** Of one lesson, in cents, tax included. */
  readonly price: number
  readonly slots: readonly (readonly [weekday: number, at: string])[]
}

type Facts = Pick<ClassTemplate, 'name' | 'level' | 'ages' | 'slots'>

const swimming = (facts: Facts, over: Partial<ClassTemplate> = {}): ClassTemplate => ({
  program: 'Swimming',
  capacity: 12,
  minutes: 30,
  price: 2200,
  ...facts,
  ...over,
})
const ballgame = (program: 'Football' | 'Basketball', facts: Facts): ClassTemplate => ({
  program,
  capacity: 16,
  minutes: 60,
  price: 1800,
  ...facts,
})

export const classTemplates: readonly ClassTemplate[] = [
  swimming(
    {
      name: 'Tadpoles 1',
      level: 'Water babies',
      ages: [1, 2],
      slots: [
        [2, '09:30'],
        [4, '09:30'],
      ],
    },
    { capacity: 8 },
  ),
  swimming(
    {
      name: 'Tadpoles 2',
      level: 'Water babies',
      ages: [2, 4],
      slots: [
        [3, '09:30'],
        [6, '08:30'],
      ],
    },
    { capacity: 8 },
  ),
  swimming(
    {
      name: 'Starfish 1',
      level: 'Level 1',
      ages: [4, 6],
      slots: [
        [1, '15:45'],
        [6, '09:00'],
      ],
    },
    { capacity: 10 },
  ),
  swimming(
    {
      name: 'Starfish 2',
      level: 'Level 1',
      ages: [5, 7],
      slots: [
        [2, '15:45'],
        [4, '16:15'],
      ],
    },
    { capacity: 10 },
  ),
  swimming({
    name: 'Dolphins 1',
    level: 'Level 2',
    ages: [6, 9],
    slots: [
      [1, '16:30'],
      [3, '16:30'],
    ],
  }),
  // Its slots also lie on several days, because the story takes it out of one of them.
  swimming({
    name: 'Dolphins 2',
    level: 'Level 2',
    ages: [6, 10],
    slots: [
      [2, '16:30'],
      [5, '16:30'],
    ],
  }),
  swimming({
    name: 'Sharks 1',
    level: 'Level 3',
    ages: [8, 12],
    slots: [
      [1, '17:15'],
      [4, '17:15'],
    ],
  }),
  swimming({
    name: 'Sharks 2',
    level: 'Level 4',
    ages: [9, 13],
    slots: [
      [2, '17:15'],
      [6, '10:00'],
    ],
  }),
  swimming(
    {
      name: 'Squad',
      level: 'Level 5',
      ages: [11, 16],
      slots: [
        [1, '06:00'],
        [3, '06:00'],
        [5, '06:00'],
      ],
    },
    { minutes: 60, capacity: 20 },
  ),
  ballgame('Football', {
    name: 'Football Under 7',
    level: 'U7',
    ages: [5, 6],
    slots: [
      [3, '16:00'],
      [6, '09:30'],
    ],
  }),
  ballgame('Football', {
    name: 'Football Under 9',
    level: 'U9',
    ages: [7, 8],
    slots: [
      [2, '18:00'],
      [6, '10:45'],
    ],
  }),
  ballgame('Football', {
    name: 'Football Under 11',
    level: 'U11',
    ages: [9, 10],
    slots: [
      [4, '18:00'],
      [6, '12:00'],
    ],
  }),
  ballgame('Football', {
    name: 'Football Under 13',
    level: 'U13',
    ages: [11, 12],
    slots: [
      [2, '18:00'],
      [7, '09:00'],
    ],
  }),
  ballgame('Football', {
    name: 'Football Under 17',
    level: 'U17',
    ages: [13, 16],
    slots: [
      [3, '18:30'],
      [7, '10:30'],
    ],
  }),
  ballgame('Basketball', {
    name: 'Mini hoops',
    level: 'Beginner',
    ages: [4, 6],
    slots: [
      [5, '15:30'],
      [7, '09:30'],
    ],
  }),
  ballgame('Basketball', {
    name: 'Basketball Under 10',
    level: 'U10',
    ages: [7, 9],
    slots: [
      [1, '18:00'],
      [7, '11:00'],
    ],
  }),
  ballgame('Basketball', {
    name: 'Basketball Under 12',
    level: 'U12',
    ages: [10, 11],
    slots: [
      [3, '17:30'],
      [7, '12:15'],
    ],
  }),
  ballgame('Basketball', { name: 'Basketball Under 14', level: 'U14', ages: [12, 13], slots: [[5, '17:00']] }),
  ballgame('Basketball', {
    name: 'Rising stars',
    level: 'Advanced',
    ages: [11, 16],
    slots: [
      [5, '18:15'],
      [7, '14:00'],
    ],
  }),
]

/** Drop-in clinics fill the days around today from early to late. */
export const clinicTemplates: readonly ClassTemplate[] = [
  swimming({ name: 'Swim clinic', level: null, ages: [4, 16], slots: [] }, { minutes: 30, capacity: 10 }),
  { ...ballgame('Football', { name: 'Football clinic', level: null, ages: [5, 16], slots: [] }), minutes: 30 },
  { ...ballgame('Basketball', { name: 'Basketball clinic', level: null, ages: [5, 16], slots: [] }), minutes: 30 },
]
