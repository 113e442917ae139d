import { useEffect } from 'react'
import { counterExpected, type ExpectedStart } from '../../../src-shared/queries/expected.ts'
import type { FamilyHit } from '../../../src-shared/queries/family-hits.ts'
import { counterSearch, type FoundFamily } from '../../../src-shared/queries/search.ts'
import type { ErrorData } from '../../../src-shared/errors.ts'
import { useLiveQuery } from '../../app/use-live-query.ts'
import { useNow } from '../../app/use-now.ts'
import { useCounter } from './counter-store.ts'

/** What the list of the counter shows, for the search box (which moves in it) and for the list itself. */
export interface FamilyList {
  /** Undefined until the first answer. */
  readonly expected: readonly ExpectedStart[] | undefined
  readonly found: readonly FoundFamily[] | undefined
  /** All rows in the order of the screen. */
  readonly rows: readonly FamilyHit[]
  /** The row that Enter opens; -1 is none. */
  readonly index: number
  /** The answer is to what stands in the search box now. */
  readonly isCurrent: boolean
  readonly error: ErrorData | undefined
}

export const useFamilyList = (): FamilyList => {
  const now = useNow()
  const { text, index, opensWhenFound, open } = useCounter()
  const isSearch = text.trim() !== ''
  const expected = useLiveQuery(counterExpected, { now }, { keepPrevious: true })
  const search = useLiveQuery(counterSearch, { text, now }, { keepPrevious: true })

  const shown = isSearch ? search : expected
  const found = search.state === 'ready' ? search.data.families : undefined
  const starts = expected.state === 'ready' ? expected.data : undefined
  const rows = (isSearch ? found : starts?.flatMap((start) => start.families)) ?? []
  const isCurrent = isSearch ? search.state === 'ready' && search.data.text === text : expected.state === 'ready'
  const [first] = rows

  // Enter came before the answer did: whoever types ahead gets the best match.
  const isAwaited = isCurrent && opensWhenFound === text
  useEffect(() => {
    if (isAwaited && first) open(first.family_id)
  }, [isAwaited, first, open])

  return {
    expected: starts,
    found,
    rows,
    index: Math.min(index, rows.length - 1),
    isCurrent,
    error: shown.state === 'failed' ? shown.error : undefined,
  }
}
