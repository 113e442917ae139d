import { z } from 'zod'
import { DomainError } from '../errors.ts'
import { idSchema, sharedText } from '../schema/columns.ts'
import { defineCommand } from './command.ts'

/**
 * Takes a mistaken payment back as a whole. The payment stays, the receipt keeps its number (J3, U24). Only where it was
 * taken: the money is in that facility's drawer, and roles are held at a facility.
 */
export const voidPayment = defineCommand({
  name: 'payment.void',
  version: 1,
  args: z.strictObject({ payment_id: idSchema, reason: sharedText(500).min(1) }),
  permission: 'payments.void',

  async apply(tx, { payment_id, reason }, run) {
    const payment = await tx
      .selectFrom('payments')
      .select(['family_id', 'facility_id'])
      .where('id', '=', payment_id)
      .executeTakeFirst()
    if (!payment) throw new DomainError('not_found', 'This payment does not exist here.')
    if (payment.facility_id !== run.facilityId) {
      throw new DomainError('forbidden', 'This payment was taken at another facility. It is voided there.')
    }
    await run.lock('families', payment.family_id)
    const earlier = await tx
      .selectFrom('payment_voids')
      .select('id')
      .where('payment_id', '=', payment_id)
      .executeTakeFirst()
    if (earlier) throw new DomainError('already_voided', 'This payment was voided before.')
    await tx
      .insertInto('payment_voids')
      .values({
        id: run.newId(),
        family_id: payment.family_id,
        payment_id,
        reason,
        at: run.at,
        staff_id: run.staffId,
        device_id: run.deviceId,
      })
      .execute()
  },
})
