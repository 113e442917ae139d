import { storyOf } from '../../build/demo/story.ts'
import { expectAccessible } from './support/accessibility.ts'
import type { Desk } from './support/desk.ts'
import { expect, test } from './support/foyer.ts'

test.use({ academyOf: 'keyboard' })

const { family, rollClass } = storyOf('WER')
const elsewhere = storyOf('GEE')

const sheetOf = ({ page }: Desk, name: string) => page.getByRole('dialog', { name: `Family ${name}` })

test('typing goes to the search box wherever the focus is, and Escape loses nothing that was typed', async ({
  openDesk,
}) => {
  const desk = await openDesk()
  const { hands, page, search } = desk
  await desk.signIn('front_desk')
  await expect(search).toBeFocused()
  await hands.click(page.getByRole('button', { name: /^Counter/ }))
  await expect(search).not.toBeFocused()

  await hands.type('bren')
  await expect(search).toHaveValue('bren')
  await expect(search).toBeFocused()
  await hands.press('Enter')
  await expect(sheetOf(desk, family).getByRole('checkbox').first()).toBeFocused()
  await hands.press('p')
  await expect(page.getByRole('textbox', { name: 'Amount' })).toBeFocused()
  await hands.type('30')
  await hands.press('Escape')
  await expect(page.getByRole('dialog', { name: /^Take payment/ })).toBeHidden()
  await hands.press('p')
  await expect(page.getByRole('textbox', { name: 'Amount' })).toHaveValue('30')
  await hands.press('Escape')
  await expect(sheetOf(desk, family).getByRole('checkbox').first()).toBeFocused()
  await hands.press('Escape')
  await expect(sheetOf(desk, family)).toBeHidden()
  await expect(search).toBeFocused()
  await expect(search).toHaveValue('bren')
})

test('a check-in can be taken back, by key', async ({ academy, openDesk }) => {
  const desk = await openDesk({ facility: 'GEE' })
  const { hands, page, search, status, toast } = desk
  await desk.signIn('front_desk')
  await hands.type(elsewhere.family.slice(0, 5))
  await expect(page.getByRole('option').first()).toContainText(elsewhere.family)
  await hands.press('Enter')
  await expect(sheetOf(desk, elsewhere.family).getByRole('checkbox', { checked: true })).toHaveCount(3)
  await hands.press('Enter')
  await expect(toast).toContainText('Checked in')
  await expect(search).toHaveValue('')

  await hands.press('Control+z')

  await expect(toast).toContainText('Undone')
  await hands.type(elsewhere.family.slice(0, 5))
  await hands.press('Enter')
  await expect(sheetOf(desk, elsewhere.family).getByRole('checkbox', { checked: true })).toHaveCount(3)
  await expect(status).toContainText('Nothing waiting')
  const kinds = await academy.sql(
    `select i.kind, count(*)::int from check_ins i join students s on s.id = i.student_id
     join family_students fs on fs.student_id = s.id join families f on f.id = fs.family_id
     where f.name = $1 and i.at > now() - interval '10 minutes' group by i.kind order by i.kind`,
    [elsewhere.family],
  )
  expect(kinds).toEqual([
    { kind: 'in', count: 3 },
    { kind: 'undo', count: 3 },
  ])
})

test('a roll is marked by keys alone', async ({ openDesk }) => {
  const desk = await openDesk()
  const { hands, page, toast } = desk
  await desk.signIn('lead_instructor')
  await expect(page.getByRole('button', { name: rollClass })).toBeFocused()
  await hands.press('Enter')
  const rows = page.getByRole('list', { name: 'Roll' }).getByRole('listitem')
  await expect(rows).toHaveCount(12)
  await expect(rows.first()).toBeFocused()

  await hands.press('c')
  await expect(page.getByRole('alert')).toContainText('12 without a mark')
  await hands.press('x')
  await hands.press('ArrowDown')
  await hands.press('l')
  await hands.press('n')
  await expect(page.getByRole('textbox', { name: 'Note' })).toBeFocused()
  await hands.type('Came with a cold')
  await hands.press('Escape')
  await expect(rows.nth(1)).toContainText('Came with a cold')
  await hands.press('a')
  await expect(toast).toContainText('10 children marked present.')
  await hands.press('c')

  await expect(toast).toContainText('Roll closed')
  await expect(page.getByLabel('Counts')).toHaveText(/10 present\s*1 late\s*1 absent/)
  await hands.press('Escape')
  await expect(page.getByRole('button', { name: rollClass })).toContainText('Roll closed')
})

test('the main screens can be read and used by everybody, in light and dark', async ({ openDesk }) => {
  const desk = await openDesk()
  const { hands, page, search, toast } = desk
  await expect(page.getByRole('button', { name: 'Sign in' })).toBeVisible()
  await expectAccessible(page, 'sign-in')
  await desk.signIn('campus_manager')
  await expect(page.getByRole('option').first()).toBeVisible()
  await expectAccessible(page, 'counter')
  await search.fill('bren')
  await expect(page.getByRole('option')).toHaveCount(1)
  await expectAccessible(page, 'search')
  await hands.press('Enter')
  await expect(sheetOf(desk, family)).toBeVisible()
  await expectAccessible(page, 'family')
  await hands.press('p')
  await expect(page.getByRole('textbox', { name: 'Amount' })).toBeFocused()
  await hands.press('c')
  await expect(page.getByRole('textbox', { name: 'Handed over' })).toBeFocused()
  await expectAccessible(page, 'payment')
  await hands.press('Enter')
  await expect(page.getByRole('dialog', { name: /^Receipt/ })).toBeVisible()
  await expectAccessible(page, 'receipt')
  await hands.press('Enter')
  await hands.press('h')
  await expect(page.getByRole('list', { name: 'Payments' })).toBeVisible()
  await expectAccessible(page, 'payments')
  await hands.press('F3')
  await expect(page.getByRole('heading', { name: 'Classes' })).toBeVisible()
  await expectAccessible(page, 'classes')
  // Later in the day there can be another one.
  await hands.click(page.getByRole('button', { name: 'Mini hoops' }).and(page.locator('[data-phase=now]')))
  await hands.press('a')
  await expect(toast).toContainText('marked present')
  await expect(page.getByRole('list', { name: 'Roll' })).toBeVisible()
  await expectAccessible(page, 'roll')
  await hands.press('+')
  await expect(page.getByRole('textbox', { name: 'Name of the child' })).toBeFocused()
  await expectAccessible(page, 'walk-in')
  await hands.press('Escape')
  await hands.press('Control+k')
  await expect(page.getByRole('listbox', { name: 'Commands' })).toBeVisible()
  await expectAccessible(page, 'commands')
  await hands.press('Escape')
  await hands.click(page.getByRole('button', { name: 'Sync status' }))
  await expect(page.getByRole('heading', { name: 'Saved and sent' })).toBeVisible()
  await expectAccessible(page, 'sync')
})
