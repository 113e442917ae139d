import { storyOf } from '../../build/demo/story.ts'
import type { Academy } from './support/academy.ts'
import type { Desk } from './support/desk.ts'
import { expect, test } from './support/foyer.ts'
import { printedDuring } from './support/pdf.ts'

const { family, children, rollClass, owes } = storyOf('WER')
const [rollChild] = children

test.use({ academyOf: 'story' })

/** A child with nothing to do here today, whose first name starts as no other name does, by three letters. */
const findWalkIn = async ({ sql }: Academy) => {
  const [child] = await sql<{ id: string; name: string; letters: string }>(
    `with here as (
       select s.* from students s
       join family_students fs on fs.student_id = s.id
       join family_facilities ff on ff.family_id = fs.family_id
       join facilities f on f.id = ff.facility_id and f.code = 'WER'
       where s.archived_at is null and s.preferred_name is null),
     words as (
       select s.id, w from here s, regexp_split_to_table(s.first_name || ' ' || s.last_name, '[ -]') w
       union all select null, w from guardians g, regexp_split_to_table(g.first_name || ' ' || g.last_name, '[ -]') w)
     select h.id, h.first_name || ' ' || h.last_name as name, lower(left(h.first_name, 3)) as letters
     from here h
     where h.first_name ~ '^[A-Za-z]{4,}$'
       and not exists (select from words where words.id is distinct from h.id and words.w ilike left(h.first_name, 3) || '%')
       and not exists (select from bookings b join sessions s on s.id = b.session_id
                       where b.student_id = h.id and b.cancelled_at is null and abs(s.date - current_date) <= 1)
     order by h.id limit 1`,
  )
  if (!child) throw new Error('The demo has no child that three letters find.')
  return child
}

const checkInFamily = async ({ hands, page, toast, search }: Desk): Promise<void> => {
  await expect(search).toBeFocused()
  const used = hands.startCount()
  await hands.type('bren')
  await expect(page.getByRole('option').first()).toContainText(family)
  await hands.press('Enter')
  const sheet = page.getByRole('dialog', { name: `Family ${family}` })
  await expect(sheet.getByRole('checkbox', { checked: true })).toHaveCount(3)
  await hands.press('Enter')
  await expect(toast).toContainText('Checked in')

  expect(used(), 'J1: check in a family of three').toBeLessThanOrEqual(7)
  await expect(search).toBeFocused()
}

interface Roll {
  readonly absent: string
  readonly late: string
}

const markRoll = async ({ hands, page, toast }: Desk, walkIn: { letters: string; name: string }): Promise<Roll> => {
  await hands.press('F3')
  const session = page.getByRole('button', { name: rollClass })
  await expect(session).toContainText('0 of 12 marked')
  const rows = page.getByRole('list', { name: 'Roll' }).getByRole('listitem')

  const used = hands.startCount()
  await hands.click(session)
  await expect(rows).toHaveCount(12)
  await expect(rows.filter({ hasText: rollChild })).toContainText(/In \d\d:\d\d/)
  await hands.press('a')
  await expect(page.getByLabel('Counts')).toHaveText('12 present')
  const unseen = rows.filter({ hasText: 'Not checked in' })
  const [absent, late] = [unseen.first(), unseen.nth(1)]
  const names = { absent: await absent.getAttribute('aria-label'), late: await late.getAttribute('aria-label') }
  await hands.click(absent.getByRole('button', { name: 'Absent' }))
  await hands.click(late.getByRole('button', { name: 'Late' }))
  await hands.press('+')
  await expect(page.getByRole('textbox', { name: 'Name of the child' })).toBeFocused()
  await hands.type(walkIn.letters)
  await expect(page.getByRole('list', { name: 'Children found' }).getByRole('listitem').first()).toContainText(
    walkIn.name,
  )
  await hands.press('Enter')
  await expect(rows).toHaveCount(13)
  await hands.press('c')
  await expect(toast).toContainText('Roll closed')

  expect(used(), 'J2: a roll of twelve').toBeLessThanOrEqual(10)
  await expect(page.getByLabel('Counts')).toHaveText(/11 present\s*1 late\s*1 absent/)
  return { absent: names.absent ?? '', late: names.late ?? '' }
}

/** Takes what is due in cash and prints the receipt; answers its number. */
const takeCash = async ({ hands, page }: Desk): Promise<string> => {
  await hands.press('F2')
  await hands.type('bren')
  await hands.press('Enter')
  await expect(page.getByRole('dialog', { name: `Family ${family}` })).toContainText('Owes $64.00')

  const used = hands.startCount()
  await hands.press('p')
  await expect(page.getByRole('textbox', { name: 'Amount' })).toHaveValue('64.00')
  await hands.press('c')
  await expect(page.getByRole('textbox', { name: 'Handed over' })).toBeFocused()
  await hands.type('70')
  await expect(page.getByRole('status', { name: 'Change' })).toContainText('$6.00')
  await hands.press('Enter')
  const receipt = page.getByRole('dialog', { name: /^Receipt WER\d+-\d{6}$/ })
  const label = ((await receipt.getAttribute('aria-label')) ?? '').replace('Receipt ', '')
  const pdf = await printedDuring(page, () => hands.press('p'))
  await hands.press('Enter')
  await expect(receipt).toBeHidden()

  expect(used(), 'J3: cash with a receipt').toBeLessThanOrEqual(8)
  expect(pdf.subarray(0, 5).toString()).toBe('%PDF-')
  expect(pdf.length).toBeGreaterThan(1_000)
  return label
}

/** Check-in, roll and receipt as any desk of the facility shows them. */
const expectEverything = async ({ hands, page, search }: Desk, label: string, roll: Roll): Promise<void> => {
  await hands.press('F2')
  await search.fill('bren')
  const found = page.getByRole('option').first()
  await expect(found.getByText(/^In \d\d:\d\d$/)).toHaveCount(3)
  await hands.press('Enter')
  const sheet = page.getByRole('dialog', { name: `Family ${family}` })
  await expect(sheet.getByText(/^In since/)).toHaveCount(3)
  await expect(sheet.getByRole('group', { name: 'Account' })).not.toContainText('Owes')
  await hands.press('h')
  const paid = page.getByRole('list', { name: 'Payments' }).getByRole('button', { name: label })
  await expect(paid).toContainText('$64.00')
  await hands.click(paid)
  await expect(page.getByRole('region', { name: 'Preview' })).toContainText(label)
  for (const _ of ['receipt', 'payments', 'family']) await hands.press('Escape')
  await hands.press('F3')
  const session = page.getByRole('button', { name: rollClass })
  await expect(session).toContainText('Roll closed')
  await hands.click(session)
  await expect(page.getByLabel('Counts')).toHaveText(/11 present\s*1 late\s*1 absent/)
  for (const [child, mark] of [
    [roll.absent, 'Absent'],
    [roll.late, 'Late'],
  ] as const) {
    const row = page.getByRole('listitem', { name: child })
    await expect(row.getByRole('button', { name: mark })).toHaveAttribute('aria-pressed', 'true')
  }
}

/** Each fact in PostgreSQL, counted. */
const expectOnceInPostgres = async ({ sql }: Academy, label: string): Promise<void> => {
  const facts = await sql(
    `with device as (select d.id from devices d join tills t on t.device_id = d.id
                     join receipts r on r.till_id = t.id where r.label = $1)
     select
       (select count(*)::int from check_ins where device_id in (select id from device) and kind = 'in') as check_ins,
       (select count(distinct student_id)::int from check_ins where device_id in (select id from device)) as checked_in,
       (select json_object_agg(code, n) from (
          select code, count(*) n from (
            select distinct on (student_id) code from attendance_marks
            where device_id in (select id from device) order by student_id, hlc desc) last
          group by code) codes) as marks,
       (select count(*)::int from attendance_marks where device_id in (select id from device)) as all_marks,
       (select count(*)::int from bookings b join sessions s on s.id = b.session_id
        where b.kind = 'walk_in' and s.roll_closed_at is not null
          and s.id in (select session_id from attendance_marks where device_id in (select id from device))) as walk_ins,
       (select json_agg(json_build_array(amount, tendered)) from payments
        where device_id in (select id from device)) as payments,
       (select sum(a.amount)::int from payment_allocations a join payments p on p.id = a.payment_id
        where p.device_id in (select id from device)) as allocated,
       (select json_agg(r.label) from receipts r join payments p on p.id = r.payment_id
        where p.device_id in (select id from device)) as receipts,
       (select json_agg(command || ' ' || outcome order by device_seq) from mutations
        where device_id in (select id from device)) as mutations`,
    [label],
  )

  expect(facts).toEqual([
    {
      check_ins: 3,
      checked_in: 3,
      marks: { present: 11, late: 1, absent: 1 },
      // Twelve present, two corrected, the walk-in.
      all_marks: 15,
      walk_ins: 1,
      payments: [[owes, 7000]],
      allocated: owes,
      receipts: [label],
      mutations: [
        'check_in.record applied',
        'attendance.mark applied',
        'attendance.mark applied',
        'attendance.mark applied',
        'attendance.walk_in applied',
        'roll.close applied',
        'payment.take applied',
      ],
    },
  ])
}

test('a day at the counter survives a dead server and a killed desk, and reaches PostgreSQL once', async ({
  academy,
  openDesk,
}) => {
  const walkIn = await findWalkIn(academy)
  const desk = await openDesk()
  await test.step('online sign-in, then the server dies', async () => {
    await desk.signIn('front_desk')
    await expect(desk.status).toContainText('Online')
    await academy.killServer()
    await expect(desk.status).toContainText('Offline')
  })
  await test.step('a family of three is checked in', () => checkInFamily(desk))
  const roll = await test.step('a roll of twelve is marked', () => markRoll(desk, walkIn))
  const label = await test.step('cash is taken and the receipt printed', () => takeCash(desk))
  await expect(desk.status).toContainText('7 changes waiting for the internet')
  await desk.kill9()

  const again = await test.step('the desk starts again without a server', async () => {
    const started = await openDesk({ profileFolder: desk.profileFolder })
    await started.unlock('front_desk')
    await expect(started.status).toContainText('7 changes waiting for the internet')
    await expectEverything(started, label, roll)
    return started
  })
  await test.step('the server comes back', async () => {
    await academy.startServer()
    await expect(again.status).toContainText('Nothing waiting')
    await expect(again.status).toContainText('Online')
    await expectOnceInPostgres(academy, label)
    await expectEverything(again, label, roll)
  })
  await test.step('a second desk shows it too', async () => {
    const second = await openDesk()
    await second.signIn('campus_manager')
    await expectEverything(second, label, roll)
  })
})
