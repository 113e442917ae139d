import { z } from 'zod'
import { type MutationEnvelope, maxBatch, mutationEnvelope } from '../../src-shared/contract/http.ts'
import { DomainError } from '../../src-shared/errors.ts'
import { isMutationId } from '../../src-shared/ids.ts'
import { integerSchema } from '../../src-shared/schema/columns.ts'
import { hashOfMutation, hasSharedTextsOnly } from './canonical.ts'
import { storable } from './storable.ts'

/** One mutation of a batch, as far as it could be understood. */
export interface Received {
  readonly id: string
  readonly seq: number
  readonly bodyHash: string
  /** As it was sent. */
  readonly body: string
  readonly command: string
  readonly version: number
  readonly staffId: string | null
  readonly leaseId: string | null
  /** What it asks for, or why it cannot be carried out. */
  readonly content:
    | { readonly kind: 'envelope'; readonly envelope: MutationEnvelope }
    | { readonly kind: 'unusable'; readonly reason: DomainError }
}

/** A batch is read leniently: one bad mutation must not hold back those behind it. */
export const mutationsBatch = z.strictObject({ mutations: z.array(z.unknown()).min(1).max(maxBatch) })

/** The least that a mutation needs, to be refused under its own id and number. */
const identity = z.object({ id: z.uuid(), seq: integerSchema.min(1) })
const hints = z.object({
  command: z.string().catch(''),
  version: integerSchema.catch(0),
  staff_id: z.uuid().nullable().catch(null),
  lease_id: z.uuid().nullable().catch(null),
})

/** As much as `mutations.body` holds. */
const maxBody = 1_000_000

/** Throws `invalid_input` for what has no usable id and number: such a thing cannot be answered. */
export const receive = (sent: unknown): Received => {
  const { id, seq } = identify(sent)
  const hint = hints.parse(sent)
  const body = JSON.stringify(sent)
  return {
    id,
    seq,
    bodyHash: hashOfMutation(sent),
    // Only numbers written as 1e300 get longer than they came, so nobody's work is cut here.
    body: body.length <= maxBody ? body : JSON.stringify({ too_large: body.length }),
    command: storable(hint.command, 100),
    version: hint.version,
    staffId: hint.staff_id,
    leaseId: hint.lease_id,
    content: understand(sent),
  }
}

const identify = (sent: unknown): z.infer<typeof identity> => {
  const parsed = identity.safeParse(sent)
  if (!parsed.success) throw new DomainError('invalid_input', 'A mutation has no usable id and seq.')
  return { id: parsed.data.id.toLowerCase(), seq: parsed.data.seq }
}

const understand = (sent: unknown): Received['content'] => {
  if (!hasSharedTextsOnly(sent)) {
    return unusable(new DomainError('bad_text', 'A text has a character that cannot be stored.'))
  }
  const parsed = mutationEnvelope.safeParse(sent)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    const path = issue?.path.join('.') ?? ''
    return unusable(new DomainError('invalid_input', `The mutation does not have the right form: ${path}.`, { path }))
  }
  if (!isMutationId(parsed.data.id)) {
    return unusable(new DomainError('invalid_input', 'This is not the id of a mutation.', { path: 'id' }))
  }
  return { kind: 'envelope', envelope: parsed.data }
}

const unusable = (reason: DomainError): Received['content'] => ({ kind: 'unusable', reason })
