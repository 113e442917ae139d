import { Spoiler } from '@mantine/core'
import { IconBulb, IconCornerDownRight } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { useLocation } from 'wouter'
import { work } from '../../../src-shared/commands/work.ts'
import { type InboxItem, inboxSent } from '../../../src-shared/queries/inbox.ts'
import type { Suggestion } from '../../../src-shared/rules/inbox-suggestions.ts'
import { withSharedTexts } from '../../../src-shared/schema/columns.ts'
import { useScannedFamily } from '../../app/scanned-family.ts'
import { useMay, useSession } from '../../app/use-app-state.ts'
import { useLiveQuery } from '../../app/use-live-query.ts'
import { useNow } from '../../app/use-now.ts'
import type { Remedy, Wording } from '../../texts/commands.ts'
import { factText, itemText, suggestionTexts, whoText, whyText } from '../../texts/inbox.ts'
import { momentText } from '../../texts/when.ts'
import { Chip } from '../../ui/chip.tsx'
import { KeyHint } from '../../ui/key-hint.tsx'
import { LineButton } from '../../ui/line-button.tsx'
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

/** Of some ten lines, in pixels: a whole class would push all else away. */
const shortListHeight = 220

/** Commands whose arguments can be changed before they are done again. */
const withFields = new Set(['payment.take', 'attendance.mark'])

/** One item: what was done, what the server has instead, what to do about it, and the ways to settle it. */
export const InboxRow = ({ item, wording, isCurrent, rowProps }: InboxRowProps) => {
  const settle = useSettle(item)
  const [form, setForm] = useState<Form>()
  const { text, remedy } = itemText(item, wording)
  const close = (): void => setForm(undefined)
  const args = againArgs(item)
  const redo = (): void => {
    if (withFields.has(item.command)) setForm('redo')
    else void settle.redo(args, null)
  }

  return (
    <li className={classes['item']} aria-label={text} aria-current={isCurrent || undefined} {...rowProps}>
      <About item={item} text={text} wording={wording} />
      {form === undefined && (
        <Actions
          item={item}
          canRedo={args !== undefined}
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
        <RedoPaymentForm text={text} args={args} redo={settle.redo} onClose={close} />
      )}
      {form === 'redo' && item.command === 'attendance.mark' && (
        <RedoMarksForm text={text} args={args} wording={wording} redo={settle.redo} onClose={close} />
      )}
    </li>
  )
}

/** What it is done again with; undefined when it makes no sense to the command, so that it has to be entered anew. */
const againArgs = ({ may, command, version, args }: InboxItem): unknown => {
  if (!may.redo) return undefined
  const again = withSharedTexts(args)
  const known = work.find((one) => one.name === command && one.version === Math.max(1, version))
  return known?.args.safeParse(again).success ? again : undefined
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
          <Spoiler
            maxHeight={shortListHeight}
            showLabel={`Show all ${item.instead.length}`}
            hideLabel="Show less"
            classNames={{ control: classes['more'] ?? '' }}
          >
            <ul>
              {item.instead.map((fact) => (
                <li key={JSON.stringify(fact)}>{factText(fact, { wording, now, place })}</li>
              ))}
            </ul>
          </Spoiler>
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
      {forSupport.has(item.suggestion) && !item.is_hidden && <Sent id={item.id} />}
    </div>
  )
}

/** What nobody at the counter can make sense of is shown as it came. */
const forSupport = new Set<Suggestion>(['tell_support', 'do_again_changed', 'look'])

const Sent = ({ id }: { readonly id: string }) => {
  const [isOpen, setOpen] = useState(false)
  return (
    <details className={classes['sent']} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>What was sent</summary>
      {isOpen && <SentText id={id} />}
    </details>
  )
}

const SentText = ({ id }: { readonly id: string }) => {
  const sent = useLiveQuery(inboxSent, { outcome_id: id })
  return <code>{sent.state === 'ready' ? sent.data.args : ''}</code>
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
  readonly canRedo: boolean
  readonly isCurrent: boolean
  readonly onAccept: () => void
  readonly onRedo: () => void
  readonly onDrop: () => void
  readonly children: ReactNode
}

const Actions = ({ item, canRedo, isCurrent, onAccept, onRedo, onDrop, children }: ActionsProps) => {
  const { may, command } = item
  useKeys(
    { ...(may.accept && { A: onAccept }), ...(canRedo && { R: onRedo }), ...(may.drop && { D: onDrop }) },
    { isActive: isCurrent },
  )
  return (
    <div className={classes['actions']}>
      {canRedo && (
        <LineButton onClick={onRedo} aria-keyshortcuts="R">
          Do again{withFields.has(command) && ' …'} <KeyHint>R</KeyHint>
        </LineButton>
      )}
      {may.accept && (
        <LineButton onClick={onAccept} aria-keyshortcuts="A">
          Accept <KeyHint>A</KeyHint>
        </LineButton>
      )}
      {may.drop && (
        <LineButton isQuiet onClick={onDrop} aria-keyshortcuts="D">
          Drop … <KeyHint>D</KeyHint>
        </LineButton>
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
      <LineButton isQuiet onClick={() => navigate(`/classes/${remedy.sessionId}`)}>
        Open the roll
      </LineButton>
    ) : null
  const open = (): void => {
    showFamily(remedy.familyId)
    navigate('/counter')
  }
  return may('check_ins.record') ? (
    <LineButton isQuiet onClick={open}>
      Open the family
    </LineButton>
  ) : null
}
