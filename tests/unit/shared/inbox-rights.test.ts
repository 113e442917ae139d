import { expect, test } from 'vitest'
import { permissions } from '../../../src-shared/permissions.ts'
import { rightsOf, type StandingItem } from '../../../src-shared/queries/inbox-rights.ts'
import { redoCommand } from '../../../src-shared/rules/inbox.ts'
import { academy, newId } from '../../support/academy.ts'
import { permissionsWithout } from '../../support/both-databases.ts'
import { inboxItem } from '../../support/inbox-items.ts'

const context = {
  permissions: new Set(permissions),
  deviceId: academy.device_id,
  facilityId: academy.facility_id,
  staffId: academy.staff_id,
}
const [payment, attempt, second] = [newId(), newId(), newId()]
const attemptAt = (outcome_id: string) => ({
  command: redoCommand,
  args: { outcome_id, also: [], note: null, command: 'payment.take', version: 1, args: { amount: 5 } },
})
const standing = (item: ReturnType<typeof inboxItem>, state: StandingItem['state']): StandingItem => ({
  ...item,
  till: null,
  state,
  redone_by: null,
})
/** Of an attempt at an attempt at a payment that stands like this. */
const rightsWhere = (state: StandingItem['state']) =>
  rightsOf(
    inboxItem({ id: second, ...attemptAt(attempt) }),
    new Map([
      [attempt, standing(inboxItem({ id: attempt, ...attemptAt(payment) }), null)],
      [payment, standing(inboxItem({ id: payment, command: 'payment.take', args: { amount: 5 } }), state)],
    ]),
    context,
  )

test('an attempt at an attempt stands as the payment does that it is about in the end', () => {
  expect(rightsWhere(null)).toMatchObject({ redo: false, accept: true, isUnbooked: false })
  expect(rightsWhere('redone')).toMatchObject({ redo: false, accept: true, isUnbooked: false })
  expect(rightsWhere('dropped')).toMatchObject({ redo: true, accept: false, isUnbooked: true })
})

test('the money of an attempt is in the till of what it was about', () => {
  const rights = (device_id: string) =>
    rightsOf(
      inboxItem({ id: attempt, ...attemptAt(payment), device_id: newId() }),
      new Map([[payment, standing(inboxItem({ id: payment, command: 'payment.take', device_id }), 'dropped')]]),
      { ...context, permissions: permissionsWithout('payments.void') },
    )

  expect(rights(academy.device_id)).toMatchObject({ redo: true, isElsewhere: false })
  expect(rights(newId())).toMatchObject({ redo: false, isElsewhere: true })
})

test('attempts that name one another are about nothing that anybody knows', () => {
  const [one, other] = [
    inboxItem({ id: attempt, ...attemptAt(second) }),
    inboxItem({ id: second, ...attemptAt(attempt) }),
  ]
  const states = new Map([
    [attempt, standing(one, null)],
    [second, standing(other, null)],
  ])

  expect(rightsOf(one, states, context)).toMatchObject({ isUnbooked: true })
})
