import { useCallback, useMemo, useState, useSyncExternalStore } from 'react'
import type { Query } from '../../src-shared/queries/query.ts'
import { useDesk } from './desk.ts'
import type { Live } from './live-value.ts'

interface Options {
  /** While the answer for new arguments is on its way, show the one for the arguments before. */
  readonly keepPrevious?: boolean
}

/** The answer of a query, always the newest: it is read again when a table that it read has changed. */
export const useLiveQuery = <A, R>(query: Query<A, R>, args: A, { keepPrevious = false }: Options = {}): Live<R> => {
  const { reads } = useDesk()
  // Arguments count by their value; they cross to the data process as JSON anyway.
  const key = JSON.stringify(args)
  const same = useMemo(() => JSON.parse(key) as A, [key])

  const subscribe = useCallback((listener: () => void) => reads.subscribe(query, same, listener), [reads, query, same])
  const live = useSyncExternalStore(subscribe, () => reads.current(query, same))

  const [previous, setPrevious] = useState(live)
  if (live.state !== 'loading' && live !== previous) setPrevious(live)
  return keepPrevious && live.state === 'loading' ? previous : live
}
