import { useRef, useState } from 'react'
import { takePayment } from '../../../src-shared/commands/take-payment.ts'
import type { ErrorData } from '../../../src-shared/errors.ts'
import { rowIdsOf } from '../../../src-shared/ids.ts'
import type { PaymentMethod, PaymentsDue } from '../../../src-shared/queries/payments.ts'
import { usePaymentSheet } from '../../app/payment-sheet.ts'
import { useSession } from '../../app/use-app-state.ts'
import { useCommand } from '../../app/use-command.ts'
import { type FormProblem, formOf, type PaymentForm } from './payment-form.ts'
import { emptyDraft, type PaymentDraft } from './payment-draft.ts'
import { usePayments } from './payment-store.ts'

export interface TakingPayment {
  readonly data: PaymentsDue
  readonly form: PaymentForm
  /** The method is chosen and what it needs is asked for. */
  readonly step: 'amount' | 'tender'
  /** What stands in the way, once Enter was pressed. */
  readonly shownProblem: FormProblem | undefined
  readonly error: ErrorData | undefined
  readonly isSaving: boolean
  readonly edit: (change: Partial<PaymentDraft>) => void
  readonly pick: (method: PaymentMethod) => void
  readonly commit: () => void
  /** Enter in the amount: says what is wrong with it, if anything. */
  readonly checkAmount: () => boolean
  readonly goBack: () => void
  readonly close: () => void
}

/** The payment that is being taken: the draft understood, and the one command at its end. */
export const useTakePayment = (data: PaymentsDue): TakingPayment => {
  const { facility } = useSession()
  const run = useCommand()
  const { close, show } = usePaymentSheet()
  const { drafts, edit, forget } = usePayments()
  const [isAsked, setAsked] = useState(false)
  const [error, setError] = useState<ErrorData>()
  const [isSaving, setSaving] = useState(false)
  // A second Enter can come before the first has drawn anything.
  const saving = useRef(false)
  const { family_id } = data
  const form = formOf(data, drafts[family_id] ?? emptyDraft, facility.locale)

  const commit = async (): Promise<void> => {
    setAsked(true)
    if (form.problem || saving.current) return
    saving.current = true
    setSaving(true)
    const reply = await run(takePayment, argsOf(data, form))
    saving.current = false
    setSaving(false)
    if (!reply.ok) {
      setError(reply.error)
      return
    }
    const nextId = rowIdsOf(reply.value.mutation_id)
    nextId()
    forget(family_id)
    // The mutation's first row is the payment, its second the receipt.
    show({ kind: 'receipt', familyId: family_id, receiptId: nextId(), isNew: true })
  }

  return {
    data,
    form,
    step: form.method ? 'tender' : 'amount',
    shownProblem: isAsked ? form.problem : undefined,
    error,
    isSaving,
    edit: (change) => {
      setError(undefined)
      edit(family_id, change)
    },
    pick: (method) => {
      setAsked(form.problem?.field === 'amount')
      edit(family_id, { methodId: method.id })
    },
    commit: () => void commit(),
    checkAmount: () => {
      setAsked(form.problem?.field === 'amount')
      return form.problem?.field !== 'amount'
    },
    goBack: () => {
      if (form.method) edit(family_id, { methodId: undefined })
      else close()
    },
    close,
  }
}

/** Only called without a problem, so that amount and method are there. */
const argsOf = (data: PaymentsDue, form: PaymentForm) => ({
  family_id: data.family_id,
  method_id: form.method?.id ?? '',
  amount: form.amount ?? 0,
  tendered: form.method?.kind === 'cash' ? (form.tendered ?? null) : null,
  reference: form.method?.reference_label == null ? null : form.reference.trim(),
  allocations: form.invoices
    .filter(({ pays }) => pays > 0)
    .map(({ invoice_id, pays, total, outstanding }) => ({
      invoice_id,
      amount: pays,
      already_paid: total - outstanding,
    })),
})
