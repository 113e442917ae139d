import { IconSearch } from '@tabler/icons-react'
import type { KeyboardEvent, Ref } from 'react'
import { KeyHint } from '../../ui/key-hint.tsx'
import { useCounter } from './counter-store.ts'
import classes from './search-box.module.css'
import type { FamilyList } from './use-family-list.ts'

interface SearchBoxProps {
  readonly list: FamilyList
  readonly ref: Ref<HTMLInputElement>
}

export const optionId = (familyId: string): string => `family-${familyId}`

/** The one box of the counter. The focus stays in it; the arrows move through the list below. */
export const SearchBox = ({ list, ref }: SearchBoxProps) => {
  const { text, type, point, open, openWhenFound } = useCounter()
  const { rows, index, isCurrent } = list
  const pointed = rows[index]

  const press = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowDown') point(Math.min(index + 1, rows.length - 1))
    else if (event.key === 'ArrowUp') point(Math.max(index - 1, text.trim() === '' ? -1 : 0))
    else if (event.key === 'Enter' && !event.repeat && !event.nativeEvent.isComposing) {
      if (!isCurrent) openWhenFound()
      else if (pointed) open(pointed.family_id)
    } else return
    event.preventDefault()
  }

  return (
    <div className={classes['place']}>
      <label className={classes['box']}>
        <IconSearch size={22} stroke={1.8} aria-hidden="true" />
        <input
          ref={ref}
          role="combobox"
          aria-label="Search families"
          aria-expanded={rows.length > 0}
          aria-controls="families"
          aria-activedescendant={pointed && optionId(pointed.family_id)}
          aria-autocomplete="list"
          placeholder="Surname, child, last 4 of the phone, e-mail or card"
          autoComplete="off"
          spellCheck={false}
          maxLength={200}
          dir="auto"
          value={text}
          onChange={(event) => type(event.currentTarget.value)}
          onKeyDown={press}
        />
        <KeyHint>{text === '' ? '/' : 'Esc'}</KeyHint>
      </label>
    </div>
  )
}
