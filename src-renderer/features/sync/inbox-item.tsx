import { IconBulb, IconCornerDownRight } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { useLocation } from 'wouter'
import type { InboxItem } from '../../../src-shared/queries/inbox.ts'
import { useScannedFamily } from '../../app/scanned-family.ts'
import { useMay, useSession } from '../../app/use-app-state.ts'
import { useNow } from '../../app/use-now.ts'
import type { Remedy, Wording } from '../../texts/commands.ts'
import { factText, itemText, suggestionTexts, whoText, whyText } from '../../texts/inbox.ts'
import { momentText } from '../../texts/when.ts'
import { Chip } from '../../ui/chip.tsx'
import { KeyHint } from '../../ui/key-hint.tsx'
import { useKeys } from '../../ui/use-keys.ts'
import { DropForm } from './drop-form.tsx'
import classes from './inbox.module.css'
import { RedoMarksForm } from './redo-marks-form.tsx'
import { RedoPaymentForm } from './redo-payment-form.tsx'
import { useSettle } from './use-settle.ts'

type Form = 'redo' | 'drop'

interface InboxRowProps {
  readonly item: InboxItem
  readonly wording: Wording
  /** Keys act on this row. */
  readonly isCurrent: boolean
  readonly rowProps: {
    readonly ref: (element: HTMLElement | null) => void
    readonly tabIndex: 0 | -1
    readonly onFocus: () => void
  }
}

/** Commands whose arguments can be changed before they are done again. */
const withFields = new Set(['payment.take', 'attendance.mark'])

/** One item: what was done, what the server has instead, what to do about it, and the ways to settle it. */
export const InboxRow = ({ item, wording, isCurrent, rowProps }: InboxRowProps) => {
  const settle = useSettle(item)
  const [form, setForm] = useState<Form>()
  const { text, remedy } = itemText(item, wording)
  const close = (): void => setForm(undefined)
  const redo = (): void => {
    if (withFields.has(item.command)) setForm('redo')
    else void settle.redo(item.args, null)
  }

  return (
    <li className={classes['item']} aria-label={text} aria-current={isCurrent || undefined} {...rowProps}>
      <About item={item} text={text} wording={wording} />
      {form === undefined && (
        <Actions
          item={item}
          isCurrent={isCurrent}
          onAccept={() => void settle.accept()}
          onRedo={redo}
          onDrop={() => setForm('drop')}
        >
          {remedy && <RemedyButton remedy={remedy} />}
        </Actions>
      )}
      {form === 'drop' && <DropForm item={item} text={text} drop={settle.drop} onClose={close} />}
      {form === 'redo' && item.command === 'payment.take' && (
        <RedoPaymentForm text={text} args={item.args} redo={settle.redo} onClose={close} />
      )}
      {form === 'redo' && item.command === 'attendance.mark' && (
        <RedoMarksForm text={text} args={item.args} wording={wording} redo={settle.redo} onClose={close} />
      )}
    </li>
  )
}

interface AboutProps {
  readonly item: InboxItem
  readonly text: string
  readonly wording: Wording
}

const About = ({ item, text, wording }: AboutProps) => {
  const { facility: place } = useSession()
  const now = useNow()
  const isRefused = item.outcome === 'refused'
  const isLate = item.error.code === 'already_settled'
  return (
    <div className={classes['about']}>
      <p className={classes['what']}>
        <strong>{text}</strong>
        <Chip tone={isRefused && !isLate ? 'danger' : 'warn'}>
          {isLate ? 'Too late' : isRefused ? 'Not accepted' : 'Changed by the server'}
        </Chip>
      </p>
      <p className={classes['who']}>
        {whoText(item, { now, place })} · answered {momentText(item.decided_at, now, place)}
      </p>
      <p className={classes['why']}>{whyText(item)}</p>
      {item.instead.length > 0 && (
        <div className={classes['instead']}>
          <span>On the server</span>
          <ul>
            {item.instead.map((fact) => (
              <li key={JSON.stringify(fact)}>{factText(fact, { wording, now, place })}</li>
            ))}
          </ul>
        </div>
      )}
      {item.under.map((below) => (
        <p key={below.id} className={classes['below']}>
          <IconCornerDownRight size={16} aria-hidden="true" />
          <span>
            {itemText(below, wording).text}
            <small>
              {whoText(below, { now, place })} · {whyText(below)}
            </small>
          </span>
        </p>
      ))}
      <p className={classes['suggestion']}>
        <IconBulb size={16} aria-hidden="true" />
        {suggestionFor(item)}
      </p>
    </div>
  )
}

const suggestionFor = ({ suggestion, may, till, is_notice }: InboxItem): string => {
  if (till !== null) return `This money is in till ${till}. Book it there, or ask a manager.`
  if (!may.accept && !may.drop && !may.redo)
    return 'Your role does not cover it. It stays here for somebody who may settle it.'
  if (is_notice) return suggestionTexts.nothing_to_do
  if (suggestion === 'ask_manager' && may.redo) return 'If it is right, do it again. If not, drop it.'
  return suggestionTexts[suggestion]
}

interface ActionsProps {
  readonly item: InboxItem
  readonly isCurrent: boolean
  readonly onAccept: () => void
  readonly onRedo: () => void
  readonly onDrop: () => void
  readonly children: ReactNode
}

const Actions = ({ item: { may, command }, isCurrent, onAccept, onRedo, onDrop, children }: ActionsProps) => {
  useKeys(
    { ...(may.accept && { A: onAccept }), ...(may.redo && { R: onRedo }), ...(may.drop && { D: onDrop }) },
    { isActive: isCurrent },
  )
  return (
    <div className={classes['actions']}>
      {may.redo && (
        <button type="button" className={classes['button']} onClick={onRedo} aria-keyshortcuts="R">
          Do again{withFields.has(command) && ' …'} <KeyHint>R</KeyHint>
        </button>
      )}
      {may.accept && (
        <button type="button" className={classes['button']} onClick={onAccept} aria-keyshortcuts="A">
          Accept <KeyHint>A</KeyHint>
        </button>
      )}
      {may.drop && (
        <button type="button" className={classes['quiet']} onClick={onDrop} aria-keyshortcuts="D">
          Drop … <KeyHint>D</KeyHint>
        </button>
      )}
      {children}
    </div>
  )
}

const RemedyButton = ({ remedy }: { readonly remedy: Remedy }) => {
  const [, navigate] = useLocation()
  const may = useMay()
  const showFamily = useScannedFamily((family) => family.show)

  if (remedy.kind === 'roll')
    return may('classes.read') ? (
      <button type="button" className={classes['quiet']} onClick={() => navigate(`/classes/${remedy.sessionId}`)}>
        Open the roll
      </button>
    ) : null
  const open = (): void => {
    showFamily(remedy.familyId)
    navigate('/counter')
  }
  return may('check_ins.record') ? (
    <button type="button" className={classes['quiet']} onClick={open}>
      Open the family
    </button>
  ) : null
}
