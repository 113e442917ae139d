import { z } from 'zod'

const who = { at: z.string(), staff_id: z.string().nullable(), device_id: z.string().nullable() }

/** What the server had instead of what was asked, when it decided: the value, and who made it, when, at which device. */
const fact = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('session'), session_id: z.string(), status: z.string() }),
  z.object({ kind: z.literal('roll_closed'), session_id: z.string(), ...who }),
  z.object({
    kind: z.literal('mark'),
    session_id: z.string(),
    student_id: z.string(),
    code: z.string(),
    source: z.string(),
    ...who,
  }),
  z.object({
    kind: z.literal('check_in'),
    session_id: z.string(),
    student_id: z.string(),
    direction: z.string(),
    ...who,
  }),
  z.object({
    kind: z.literal('payment'),
    payment_id: z.string(),
    /** The invoice that it pays, and how much of it. */
    invoice_id: z.string(),
    amount: z.number(),
    receipt: z.string().nullable(),
    ...who,
  }),
  z.object({ kind: z.literal('receipt'), payment_id: z.string(), receipt: z.string(), amount: z.number(), ...who }),
  z.object({ kind: z.literal('void'), payment_id: z.string(), reason: z.string(), ...who }),
  z.object({ kind: z.literal('mutation'), mutation_id: z.string(), command: z.string(), ...who }),
  z.object({
    kind: z.literal('settlement'),
    outcome_id: z.string(),
    state: z.string(),
    note: z.string().nullable(),
    ...who,
  }),
])
export type Fact = z.infer<typeof fact>

/** The facts of an item; kinds that this program does not know are left out. */
export const factsOf = (instead: string): readonly Fact[] => {
  const list: unknown = JSON.parse(instead)
  return Array.isArray(list) ? list.flatMap((one) => fact.safeParse(one).data ?? []) : []
}
