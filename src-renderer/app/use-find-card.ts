import { useLocation } from 'wouter'
import { counterSearch, type SearchResult } from '../../src-shared/queries/search.ts'
import { fold, partsOf } from '../../src-shared/rules/search-terms.ts'
import { instantToText } from '../../src-shared/time.ts'
import { useToasts } from '../ui/toasts.tsx'
import { call } from './bridge-call.ts'
import { useDesk } from './desk.ts'
import { usePaymentSheet } from './payment-sheet.ts'
import { useScannedFamily } from './scanned-family.ts'
import type { FindCard } from './use-card-scan.ts'

const plain = (code: string): string => partsOf(fold(code)).join('')

/** Finds the family of a card and opens it at the counter. A payment that was begun keeps what was typed. */
export const useFindCard = (): FindCard => {
  const { bridge } = useDesk()
  const [, navigate] = useLocation()
  const showFamily = useScannedFamily((scanned) => scanned.show)
  const closePayment = usePaymentSheet((sheet) => sheet.close)
  const showToast = useToasts((toasts) => toasts.show)

  return async (code, isInField) => {
    const args = { text: code, now: instantToText(Date.now()) }
    const reply = await call(bridge, 'query', { name: counterSearch.name, args })
    // The border: what this query returned comes back under its name.
    const families = reply.ok ? (reply.value.result as SearchResult).families : []
    const owner = families.find(({ found_by }) => found_by.kind === 'card' && plain(found_by.text) === plain(code))
    if (!owner) {
      return isInField ? undefined : () => showToast({ text: `Nobody has the card ${code}.`, tone: 'warn' })
    }
    return () => {
      closePayment()
      navigate('/counter')
      showFamily(owner.family_id)
    }
  }
}
