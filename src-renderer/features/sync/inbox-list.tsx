import { IconCircleCheck } from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import type { WaitingMutation } from '../../../src-shared/contract/ipc.ts'
import { idsIn } from '../../../src-shared/ids.ts'
import { type Inbox, inboxList } from '../../../src-shared/queries/inbox.ts'
import { namesOf } from '../../../src-shared/queries/names.ts'
import { useSession } from '../../app/use-app-state.ts'
import { useLiveQuery } from '../../app/use-live-query.ts'
import { useNow } from '../../app/use-now.ts'
import { commandText, type Wording } from '../../texts/commands.ts'
import { errorText } from '../../texts/errors.ts'
import { itemText, settledTexts, whoText } from '../../texts/inbox.ts'
import { Chip } from '../../ui/chip.tsx'
import { Notice } from '../../ui/notice.tsx'
import { useCursor } from '../../ui/use-cursor.ts'
import { InboxRow } from './inbox-item.tsx'
import classes from './inbox.module.css'

const maxNames = 2000

const useWording = (inbox: Inbox | undefined, waiting: readonly WaitingMutation[]): Wording => {
  const { facility } = useSession()
  const open = (inbox?.open ?? []).flatMap((item) => [item, ...item.under])
  const values = [
    ...open.flatMap(({ args, about, instead }) => [args, about, instead]),
    inbox?.settled.map(({ args }) => args),
    waiting,
  ]
  const ids = [...new Set(values.flatMap(idsIn))].slice(0, maxNames)
  const names = useLiveQuery(namesOf, { ids }, { keepPrevious: true })
  return { names: names.state === 'ready' ? names.data : {}, currency: facility.currency, locale: facility.locale }
}

/**
 * The inbox of the facility: what the server did not do as it was sent, at whichever desk, until a person settles it; what
 * will probably come to it, of this computer; and how the last ones were settled.
 */
export const InboxList = ({ waiting }: { readonly waiting: readonly WaitingMutation[] }) => {
  const live = useLiveQuery(inboxList, {}, { keepPrevious: true })
  const inbox = live.state === 'ready' ? live.data : undefined
  const doubtful = waiting.filter(({ local_error }) => local_error !== null)
  const wording = useWording(inbox, doubtful)
  if (live.state === 'failed') return <Notice tone="danger">{errorText(live.error)}</Notice>
  if (!inbox) return null
  return (
    <>
      <OpenItems open={inbox.open} wording={wording} />
      {doubtful.length > 0 && <DoubtfulItems items={doubtful} wording={wording} />}
      {inbox.settled.length > 0 && <SettledItems settled={inbox.settled} wording={wording} />}
    </>
  )
}

const OpenItems = ({ open, wording }: { readonly open: Inbox['open']; readonly wording: Wording }) => {
  const cursor = useCursor({ count: open.length })
  const list = useRef<HTMLUListElement>(null)
  const lastCount = useRef(open.length)
  // Whoever has settled one goes on with the next: the focus must not fall out of the list with it.
  useEffect(() => {
    const isShorter = open.length < lastCount.current
    lastCount.current = open.length
    if (!isShorter || document.activeElement !== document.body) return
    list.current?.querySelector<HTMLElement>('li[tabindex="0"]')?.focus()
  }, [open.length])

  return (
    <section className={classes['section']} aria-label="Needs you">
      <h2>Needs somebody</h2>
      {open.length === 0 && (
        <p className={classes['nothing']}>
          <IconCircleCheck size={18} aria-hidden="true" />
          Nothing here waits for anybody's decision.
        </p>
      )}
      <ul className={classes['card']} ref={list}>
        {open.map((item, index) => (
          <InboxRow
            key={item.id}
            item={item}
            wording={wording}
            isCurrent={index === cursor.index}
            rowProps={cursor.rowProps(index)}
          />
        ))}
      </ul>
    </section>
  )
}

interface DoubtfulProps {
  readonly items: readonly WaitingMutation[]
  readonly wording: Wording
}

/** Refused by what this computer has meanwhile, and not decided by the server yet. */
const DoubtfulItems = ({ items, wording }: DoubtfulProps) => {
  const { facility: place } = useSession()
  const now = useNow()
  return (
    <section className={classes['section']} aria-label="Will need you">
      <h2>Will probably need you</h2>
      <p className={classes['hint']}>
        Saved here and not sent yet. Others have changed something since; the server decides.
      </p>
      <ul className={classes['list']}>
        {items.map(({ id, command, args, at, staff_id, local_error }) => (
          <li key={id} className={classes['settled']}>
            <span>
              {commandText(command, args, wording).text} <Chip tone="warn">Not sent yet</Chip>
            </span>
            <small>
              {whoText({ at, by: wording.names[staff_id] ?? null, desk: null }, { now, place })} ·{' '}
              {local_error && errorText(local_error)}
            </small>
          </li>
        ))}
      </ul>
    </section>
  )
}

interface SettledProps {
  readonly settled: Inbox['settled']
  readonly wording: Wording
}

const SettledItems = ({ settled, wording }: SettledProps) => {
  const { facility: place } = useSession()
  const now = useNow()
  return (
    <details className={classes['section']}>
      <summary>Settled lately ({settled.length})</summary>
      <ul className={classes['list']}>
        {settled.map((item) => (
          <li key={item.id} className={classes['settled']}>
            <span>{itemText(item, wording).text}</span>
            <small>
              {settledTexts[item.settled.state]} {whoText(item.settled, { now, place })}
              {item.settled.note !== null && `: “${item.settled.note}”`}
            </small>
          </li>
        ))}
      </ul>
    </details>
  )
}
