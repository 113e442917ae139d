import { IconUserQuestion } from '@tabler/icons-react'
import { typedWords } from '../../../src-shared/rules/search-terms.ts'
import { errorText } from '../../texts/errors.ts'
import { Empty } from '../../ui/empty.tsx'
import { Notice } from '../../ui/notice.tsx'
import { useCounter } from './counter-store.ts'
import { FamilyRow } from './family-row.tsx'
import { ListSkeleton } from './list-skeleton.tsx'
import type { FamilyList } from './use-family-list.ts'

/** The families that were found, siblings under one row. */
export const SearchResults = ({ list }: { readonly list: FamilyList }) => {
  const text = useCounter((counter) => counter.text)
  const words = typedWords(text)
  if (list.error) return <Notice tone="danger">{errorText(list.error)}</Notice>
  if (!list.found) return <ListSkeleton rows={3} />
  if (list.found.length === 0) {
    return (
      <Empty icon={IconUserQuestion} title={`Nobody found for “${text.trim()}”`}>
        {list.isCurrent ? 'Try fewer letters, another child of the family, or the last four digits of the phone.' : ''}
      </Empty>
    )
  }
  return (
    <div id="families" role="listbox" aria-label="Families found">
      {list.found.map((family, place) => (
        <FamilyRow
          key={family.family_id}
          family={family}
          foundBy={family.found_by}
          words={words}
          isPointed={place === list.index}
        />
      ))}
    </div>
  )
}
