import { Button } from '@mantine/core'
import { IconCircleCheck, IconReceipt, IconWallet } from '@tabler/icons-react'
import type { FamilySheet } from '../../../src-shared/queries/family.ts'
import { usePaymentSheet } from '../../app/payment-sheet.ts'
import { useMay, useSession } from '../../app/use-app-state.ts'
import { owedSinceText, owedText, owedTone } from '../../texts/money-owed.ts'
import { KeyHint } from '../../ui/key-hint.tsx'
import { toneIcons } from '../../ui/tone.ts'
import tones from '../../ui/tone.module.css'
import classes from './account.module.css'

/** What the family owes, since when, and the way to the payment. */
export const Account = ({ family: { family_id, balance } }: { readonly family: FamilySheet }) => {
  const { facility } = useSession()
  const may = useMay()
  const show = usePaymentSheet((sheet) => sheet.show)
  if (!balance) return null
  const tone = owedTone(balance)
  const Icon = tone === 'plain' ? (balance.amount > 0 ? IconWallet : IconCircleCheck) : toneIcons[tone]
  const since = owedSinceText(balance)

  return (
    <div className={`${classes['account']} ${tones[tone]}`} role="group" aria-label="Account">
      <Icon size={18} stroke={2} aria-hidden="true" />
      <span className={classes['words']}>
        <strong>{owedText(balance, facility.locale)}</strong>
        {since && <span> · {since}</span>}
      </span>
      <Button
        size="compact-sm"
        variant="subtle"
        color="gray"
        c="inherit"
        leftSection={<IconReceipt size={16} aria-hidden="true" />}
        rightSection={<KeyHint>H</KeyHint>}
        aria-keyshortcuts="H"
        onClick={() => show({ kind: 'history', familyId: family_id })}
      >
        Payments
      </Button>
      {may('payments.take') && (
        <Button
          size="compact-sm"
          variant={balance.amount > 0 ? 'filled' : 'default'}
          rightSection={<KeyHint>P</KeyHint>}
          aria-keyshortcuts="P"
          onClick={() => show({ kind: 'pay', familyId: family_id })}
        >
          Take payment
        </Button>
      )}
    </div>
  )
}
