import { storyOf } from '../../build/demo/story.ts'
import { expectAccessible } from './support/accessibility.ts'
import type { Desk } from './support/desk.ts'
import { expect, test } from './support/foyer.ts'

test.use({ academyOf: 'sync' })

/** Checks in one child of a family and leaves its siblings for later. */
const checkIn = async ({ hands, page, search, toast }: Desk, family: string, child: string): Promise<void> => {
  await hands.press('F2')
  await search.fill(family)
  await expect(page.getByRole('option').first()).toContainText(child)
  await hands.press('Enter')
  const ticked = page.getByRole('dialog', { name: `Family ${family}` }).getByRole('checkbox', { checked: true })
  await expect(ticked.first()).toBeFocused()
  const names = await ticked.evaluateAll((boxes) => boxes.map((box) => box.ariaLabel ?? ''))
  for (const name of names) if (!name.startsWith(`${child},`)) await page.getByRole('checkbox', { name }).uncheck()
  await expect(ticked).toHaveCount(1)
  await hands.press('Enter')
  await expect(toast).toContainText(`Checked in ${child}`)
}

test('what is done without a server is counted, listed and sent when it is back', async ({ academy, openDesk }) => {
  const { family, children } = storyOf('GEE')
  const [first, second] = children
  const desk = await openDesk({ facility: 'GEE' })
  const { hands, page, status } = desk
  await desk.signIn('front_desk')
  await expect(status).toContainText('Nothing waiting')

  await academy.stopServer()

  await expect(status).toContainText('Offline')
  await checkIn(desk, family, first)
  await expect(status).toContainText('Saved on this computer')
  await expect(status).toContainText('1 change waiting for the internet')
  await checkIn(desk, family, second)
  await expect(status).toContainText('2 changes waiting for the internet')
  await hands.click(page.getByRole('button', { name: 'Sync status' }))
  const waiting = page.getByRole('region', { name: 'Waiting' }).getByRole('listitem')
  await expect(waiting).toHaveText([new RegExp(`Check-in of ${first}`), new RegExp(`Check-in of ${second}`)])
  await expect(page.getByRole('region', { name: 'Summary' })).toContainText('2 changes are saved here')

  await academy.startServer()

  await expect(status).toContainText('Nothing waiting')
  await expect(status).toContainText('Online')
  await expect(waiting).toHaveCount(0)
  await expect(page.getByText('Everything from this computer is on the server.')).toBeVisible()

  await hands.click(page.getByRole('button', { name: 'Compare now' }))

  const proof = page.getByRole('region', { name: 'Same as the server' })
  await expect(proof).toContainText(/Compared at \d\d:\d\d: this computer has exactly what the server has/)
})

test('a change that the server does not accept is kept, with its reason, until somebody settles it', async ({
  academy,
  openDesk,
}) => {
  const { family, children } = storyOf('WER')
  const [, , child] = children
  const desk = await openDesk()
  const { hands, page, status, search } = desk
  await desk.signIn('front_desk')
  await academy.stopServer()
  await expect(status).toContainText('Offline')
  await academy.sql(
    `update sessions set status = 'cancelled' where id in (
       select b.session_id from bookings b join students s on s.id = b.student_id
       join sessions today on today.id = b.session_id and abs(today.date - current_date) <= 1
       where s.first_name = $1 and s.last_name = $2)`,
    [child, family],
  )
  await checkIn(desk, family, child)

  await academy.startServer()

  await expect(status).toContainText('1 change needs you')
  await expect(status).toContainText('Nothing waiting')
  await hands.click(page.getByRole('button', { name: 'Sync status' }))
  const refused = page.getByRole('listitem', { name: `Check-in of ${child}` })
  await expect(refused).toContainText('Not accepted')
  await expect(refused).toContainText('This session was cancelled.')
  await expect(refused).toContainText('Olivia Hart')
  await hands.press('F2')
  await search.fill(family)
  await hands.press('Enter')
  await expect(page.getByRole('article', { name: `${child} ${family}` })).toContainText('Cancelled')
  await hands.press('Escape')
  await hands.click(page.getByRole('button', { name: 'Sync status' }))
  await expectAccessible(page, 'inbox')
  await hands.press('D')
  await refused.getByRole('textbox', { name: 'Why' }).fill('The family was told')
  await hands.press('Enter')
  await expect(page.getByRole('region', { name: 'Needs you' }).getByRole('listitem')).toHaveCount(0)
  await expect(status).not.toContainText('needs you')
  await hands.click(page.getByText('Settled lately (1)'))
  await expect(page.getByText(/^Dropped .*“The family was told”$/)).toBeVisible()
})

const openRoll = async ({ hands, page }: Desk, className: string): Promise<void> => {
  await hands.press('F3')
  await hands.click(page.getByRole('button', { name: className }).first())
  await expect(page.getByRole('list', { name: 'Roll' }).getByRole('listitem')).toHaveCount(12)
}

/** The mark that each child has on the screen, by the child's name. */
const marksOn = async ({ page }: Desk): Promise<readonly string[]> =>
  page
    .getByRole('list', { name: 'Roll' })
    .getByRole('listitem')
    .evaluateAll((rows) =>
      rows.map((row) => `${row.ariaLabel}: ${row.querySelector('[aria-pressed=true]')?.textContent ?? 'No mark'}`),
    )

test('two desks that mark the same roll converge, however often the server comes and goes', async ({
  academy,
  openDesk,
}) => {
  const desks = [await openDesk(), await openDesk()] as const
  const [one, two] = desks
  await one.signIn('front_desk')
  await two.signIn('campus_manager')
  for (const desk of desks) await openRoll(desk, 'Dolphins 2')
  const mark = async (desk: Desk, row: number, name: 'Present' | 'Late' | 'Absent' | 'Excused'): Promise<void> =>
    desk.hands.click(
      desk.page.getByRole('list', { name: 'Roll' }).getByRole('listitem').nth(row).getByRole('button', { name }),
    )

  const codes = ['Late', 'Absent', 'Excused', 'Present'] as const
  for (const [round, code] of codes.entries()) {
    await academy.killServer()
    await mark(one, round, code)
    await mark(two, 11 - round, code)
    // Both mark this child, and disagree.
    await mark(one, 5, code)
    await mark(two, 5, codes[(round + 2) % 4] ?? code)
    await academy.startServer()
    await mark(one, 6, code)
  }

  for (const desk of desks) {
    await expect(desk.status).toContainText('Online')
    await expect(desk.status).toContainText('Nothing waiting')
  }
  await expect.poll(async () => (await marksOn(one)).join('\n')).toBe((await marksOn(two)).join('\n'))
  const inPostgres = await academy.sql<{ marks: number; mutations: number; refused: number }>(
    `select (select count(*)::int from attendance_marks m join sessions s on s.id = m.session_id
             join classes c on c.id = s.class_id where c.name = 'Dolphins 2' and m.device_id in (select device_id from mutations)) as marks,
            (select count(*)::int from mutations where command = 'attendance.mark') as mutations,
            (select count(*)::int from mutations where outcome = 'refused' and command = 'attendance.mark') as refused`,
  )
  expect(inPostgres).toEqual([{ marks: 20, mutations: 20, refused: 0 }])
})

test('what the server deletes in masses stays here until a manager has looked', async ({ academy, openDesk }) => {
  const desk = await openDesk({ facility: 'GEE' })
  const { hands, page, status } = desk
  await desk.signIn('campus_manager')
  await expect(status).toContainText('Received up to')

  await academy.sql(`delete from attendance_marks where facility_id = (select id from facilities where code = 'GEE')`)

  await expect(status).toContainText('Receiving is paused: a manager must look')
  await hands.click(page.getByRole('button', { name: 'Sync status' }))
  await expect(page.getByText(/The server deleted [\d,]+ of [\d,]+ records at once/)).toBeVisible()
  await expectAccessible(page, 'a removal that is held')
  await hands.click(page.getByRole('button', { name: 'Remove them here too' }))

  await expect(status).toContainText('Received up to')
  await expect(page.getByText(/The server deleted/)).toHaveCount(0)
})

test('a computer that is shut out hands its work to the office, and says what happened to it', async ({
  academy,
  openDesk,
}) => {
  const { family, children } = storyOf('GEE')
  const [, , child] = children
  const [desk, office] = [await openDesk({ facility: 'GEE' }), await openDesk({ facility: 'GEE' })]
  await desk.signIn('front_desk')
  await office.signIn('campus_manager')
  await academy.stopServer()
  await expect(desk.status).toContainText('Offline')
  await checkIn(desk, family, child)
  await academy.sql(
    `update devices set revoked_at = now() where id = (
       select device.id from devices device join facilities f on f.id = device.facility_id
       where f.code = 'GEE' order by device.enrolled_at desc offset 1 limit 1)`,
  )

  await academy.startServer()

  const { page } = desk
  await expect(page.getByRole('heading', { name: 'Set up this computer' })).toBeVisible()
  await expect(page.getByText(/was shut out of Geelong/)).toBeVisible()
  await expect(page.getByText(/All that was saved here is with the office/)).toBeVisible()
  await expect(page.getByRole('textbox', { name: 'Code' })).toBeFocused()
  await expectAccessible(page, 'a computer that was shut out')
  await expect(office.status).toContainText('1 change needs you')
  await office.hands.click(office.page.getByRole('button', { name: 'Sync status' }))
  const handedOver = office.page.getByRole('listitem', { name: `Check-in of ${child}` })
  await expect(handedOver).toContainText('The computer was shut out before this arrived.')
})
