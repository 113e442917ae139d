import { startDesk } from '../../build/desk.ts'
import { storyOf } from '../../build/demo/story.ts'
import { expect, test } from './support/foyer.ts'

test.use({ academyOf: 'conditions' })

test('a window that is loaded again is still signed in', async ({ openDesk }) => {
  const desk = await openDesk()
  const { page, search, status } = desk
  await desk.signIn('front_desk')

  await page.reload()

  await expect(search).toBeFocused()
  await expect(status).toContainText('Olivia Hart')
})

test('a second start on the same profile names the one that runs, and leaves it alone (D12)', async ({
  academy,
  openDesk,
}) => {
  const desk = await openDesk()
  const { hands, page, profileFolder, search } = desk
  await desk.signIn('front_desk')

  const second = startDesk({ profileFolder, serverUrl: academy.serverUrl })

  await expect(second).rejects.toThrow(`Foyer is open already with ${profileFolder}`)
  await hands.type('bren')
  await expect(search).toHaveValue('bren')
  await expect(page.getByRole('option').first()).toContainText('Brennan')
})

test('a computer is set up with a code that is typed in, once', async ({ academy, openDesk }) => {
  const code = await academy.createCode()
  const desk = await openDesk({ profileFolder: academy.emptyProfile() })
  const { hands, page } = desk
  const set = async (typed: string): Promise<void> => {
    await page.getByRole('textbox', { name: 'Server address' }).fill(academy.serverUrl)
    await page.getByRole('textbox', { name: 'Code' }).fill(typed)
    await page.getByRole('textbox', { name: 'Name of this computer' }).fill('Front desk 2')
    await hands.press('Enter')
  }

  await set('0000-0000-0000')
  await expect(page.getByRole('alert')).toContainText('This code does not work')
  await set(code.toLowerCase())

  await expect(page.getByRole('heading', { name: 'Werribee' })).toBeVisible()
  await desk.signIn('front_desk')
  await expect(desk.search).toBeFocused()
  const another = await openDesk({ profileFolder: academy.emptyProfile() })
  await another.page.getByRole('textbox', { name: 'Server address' }).fill(academy.serverUrl)
  await another.page.getByRole('textbox', { name: 'Code' }).fill(code)
  await another.page.getByRole('textbox', { name: 'Name of this computer' }).fill('Front desk 3')
  await another.hands.press('Enter')
  await expect(another.page.getByRole('alert')).toContainText('This code does not work')
})

test('a path that does not exist leads to the start', async ({ openDesk }) => {
  const desk = await openDesk()
  const { page, search } = desk
  await desk.signIn('front_desk')

  await page.evaluate(() => (location.hash = '#/no/such/screen'))

  await expect(search).toBeFocused()
  await page.evaluate(() => (location.hash = '#/classes/0198f0c0-0000-7000-8000-000000000000'))
  await expect(page.getByText('This is no longer here.')).toBeVisible()
})

test('what was paid but not printed is offered after the desk was killed', async ({ openDesk }) => {
  const { family } = storyOf('WER')
  const desk = await openDesk()
  await desk.signIn('front_desk')
  await desk.hands.type('bren')
  await expect(desk.page.getByRole('option').first()).toContainText(family)
  await desk.hands.press('Enter')
  await expect(desk.page.getByRole('dialog', { name: `Family ${family}` })).toBeVisible()
  await desk.hands.press('p')
  await expect(desk.page.getByRole('textbox', { name: 'Amount' })).toBeFocused()
  await desk.hands.press('c')
  await expect(desk.page.getByRole('textbox', { name: 'Handed over' })).toBeFocused()
  await desk.hands.press('Enter')
  const receipt = desk.page.getByRole('dialog', { name: /^Receipt / })
  const label = ((await receipt.getAttribute('aria-label')) ?? '').replace('Receipt ', '')
  await desk.kill9()

  const again = await openDesk({ profileFolder: desk.profileFolder })
  await again.unlock('front_desk')

  const offer = again.page.getByRole('region', { name: 'Receipts not printed' })
  await expect(offer).toContainText(`Receipt ${label} is not printed`)
  await expect(again.status).toContainText('1 receipt not printed')
  await again.hands.click(offer.getByRole('button', { name: 'Not needed' }))
  await expect(offer).toBeHidden()
  await expect(again.status).not.toContainText('not printed')
})
