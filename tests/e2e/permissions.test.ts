import { storyOf } from '../../build/demo/story.ts'
import type { Academy } from './support/academy.ts'
import type { Desk } from './support/desk.ts'
import { expect, test } from './support/foyer.ts'
import { printedDuring } from './support/pdf.ts'

test.use({ academyOf: 'permissions' })

const openFamily = async ({ hands, page, search }: Desk, family: string): Promise<void> => {
  await hands.press('F2')
  await search.fill(family)
  await expect(page.getByRole('option').first()).toContainText(family)
  await hands.press('Enter')
  await expect(page.getByRole('dialog', { name: `Family ${family}` })).toBeVisible()
}

/** Takes what is due in cash, exactly, and answers the receipt's number. */
const takeCash = async ({ hands, page }: Desk): Promise<string> => {
  await hands.press('p')
  await expect(page.getByRole('textbox', { name: 'Amount' })).toBeFocused()
  await hands.press('c')
  await expect(page.getByRole('textbox', { name: 'Handed over' })).toBeFocused()
  await hands.press('Enter')
  const receipt = page.getByRole('dialog', { name: /^Receipt [A-Z]+\d+-\d{6}$/ })
  const label = ((await receipt.getAttribute('aria-label')) ?? '').replace('Receipt ', '')
  await hands.press('Enter')
  await expect(receipt).toBeHidden()
  return label
}

const receiptsOf = async ({ sql }: Academy, label: string) =>
  sql<{ label: string; reason: string | null }>(
    `select r.label, v.reason from receipts r left join payment_voids v on v.payment_id = r.payment_id
     where r.label = $1`,
    [label],
  )

test('an instructor gets the classes alone: no counter, no money', async ({ openDesk }) => {
  const desk = await openDesk()
  const { hands, page } = desk
  await desk.signIn('lead_instructor')

  await expect(page.getByRole('heading', { name: 'Classes' })).toBeVisible()
  await expect(page.getByRole('navigation')).toHaveCount(0)
  // Their own class stands first, under the first key.
  await expect(page.getByRole('button', { name: storyOf('WER').rollClass })).toBeFocused()
  await hands.press('F2')
  await page.evaluate(() => (location.hash = '#/counter'))
  await expect(page.getByRole('heading', { name: 'Classes' })).toBeVisible()
  await expect(desk.search).toHaveCount(0)
  await hands.press('Enter')
  await expect(page.getByRole('list', { name: 'Roll' }).getByRole('listitem')).toHaveCount(12)
  await expect(page.locator('body')).not.toContainText('$')
  await expect(page.locator('body')).not.toContainText('Owes')
  const buttons = page.getByRole('button', { name: /^(?:Present|All present|Close roll)/ })
  for (const button of await buttons.all()) {
    const { height = 0, width = 0 } = (await button.boundingBox()) ?? {}
    expect(Math.min(height, width)).toBeGreaterThanOrEqual(44)
  }
})

test('the front desk takes money but cannot void it', async ({ openDesk }) => {
  const { family } = storyOf('GEE')
  const desk = await openDesk({ facility: 'GEE' })
  const { hands, page } = desk
  await desk.signIn('front_desk')
  await openFamily(desk, family)
  const label = await takeCash(desk)

  await hands.press('h')
  await hands.click(page.getByRole('button', { name: label }))

  await expect(page.getByRole('button', { name: 'Print a copy' })).toBeVisible()
  await expect(page.getByRole('button', { name: /Void/ })).toHaveCount(0)
  await hands.press('v')
  await expect(page.getByRole('textbox', { name: 'Reason' })).toHaveCount(0)
})

test('a manager prints a copy and voids: the number stays, the money is owed again', async ({ academy, openDesk }) => {
  const { family } = storyOf('WER')
  const desk = await openDesk()
  const { hands, page, status } = desk
  await desk.signIn('campus_manager')
  await openFamily(desk, family)
  const label = await takeCash(desk)

  await hands.press('h')
  await hands.click(page.getByRole('button', { name: label }))
  await expect(page.getByRole('region', { name: 'Preview' })).toContainText('COPY')
  const copy = await printedDuring(page, () => hands.press('p'))
  await hands.press('v')
  await expect(page.getByRole('textbox', { name: 'Reason' })).toBeFocused()
  await hands.type('Paid by the grandmother already')
  await expect(page.getByRole('button', { name: `Void receipt ${label}` })).toBeVisible()
  await hands.press('Enter')

  expect(copy.subarray(0, 5).toString()).toBe('%PDF-')
  await expect(desk.toast).toContainText(`Receipt ${label} is void. Its number stays.`)
  await expect(page.getByRole('region', { name: 'Preview' })).toContainText('VOID')
  await hands.press('Escape')
  await expect(page.getByRole('button', { name: label })).toContainText('Void')
  await hands.press('Escape')
  await expect(page.getByRole('group', { name: 'Account' })).toContainText('Owes $64.00')
  const second = await takeCash(desk)
  expect(Number(second.slice(-6))).toBe(Number(label.slice(-6)) + 1)
  await expect(status).toContainText('Nothing waiting')
  expect(await receiptsOf(academy, label)).toEqual([{ label, reason: 'Paid by the grandmother already' }])
  expect(await receiptsOf(academy, second)).toEqual([{ label: second, reason: null }])
})

test('a wrong password is told as such, with and without a server', async ({ academy, openDesk }) => {
  const desk = await openDesk()
  const { hands, page } = desk
  const password = page.getByRole('textbox', { name: 'Password' })
  await page.getByRole('textbox', { name: 'Name' }).fill('olivia')
  await password.fill('front-desk-2')
  await hands.press('Enter')
  await expect(page.getByRole('alert')).toHaveText('That name and password do not go together. Type them again.')
  await expect(password).toBeFocused()
  await expect(password).toHaveValue('')
  await hands.type('front-desk-1')
  await hands.press('Enter')
  await expect(desk.search).toBeFocused()
  await desk.run('Sign out')
  await academy.stopServer()

  await hands.click(page.getByRole('button', { name: 'Olivia Hart' }))
  await hands.type('front-desk-2')
  await hands.press('Enter')
  await expect(page.getByRole('alert')).toHaveText('That name and password do not go together. Type them again.')
  await hands.type('front-desk-1')
  await hands.press('Enter')

  await expect(desk.search).toBeFocused()
})

test('who never signed in here is told that it needs the internet once', async ({ academy, openDesk }) => {
  const desk = await openDesk()
  const { hands, page } = desk
  await expect(page.getByText('Sign in to open the desk.')).toBeVisible()
  await academy.stopServer()

  await page.getByRole('textbox', { name: 'Name' }).fill('olivia')
  await page.getByRole('textbox', { name: 'Password' }).fill('front-desk-1')
  await hands.press('Enter')

  await expect(page.getByRole('alert')).toHaveText(/internet/)
})
