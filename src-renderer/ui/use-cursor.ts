import { useEffect, useRef, useState } from 'react'
import { useKeys } from './use-keys.ts'

interface Cursor {
  /** The row that keys act on. */
  readonly index: number
  readonly moveTo: (index: number) => void
  /** For each row: keeps one of them in the tab order and takes the focus along. */
  readonly rowProps: (index: number) => {
    readonly ref: (element: HTMLElement | null) => void
    readonly tabIndex: 0 | -1
    readonly onFocus: () => void
  }
}

interface Options {
  readonly count: number
  readonly start?: number
  readonly isActive?: boolean
}

/** A list that arrow keys walk. The focus is on the current row, so that it can always be seen. */
export const useCursor = ({ count, start = 0, isActive = true }: Options): Cursor => {
  const [wanted, setWanted] = useState(start)
  const rows = useRef(new Map<number, HTMLElement>())
  const index = Math.min(Math.max(0, wanted), Math.max(0, count - 1))

  const moveTo = (next: number): void => {
    const clamped = Math.min(Math.max(0, next), count - 1)
    setWanted(clamped)
    rows.current.get(clamped)?.focus()
    rows.current.get(clamped)?.scrollIntoView({ block: 'nearest' })
  }

  useKeys(
    {
      ArrowDown: () => moveTo(index + 1),
      ArrowUp: () => moveTo(index - 1),
      Home: () => moveTo(0),
      End: () => moveTo(count - 1),
    },
    { isActive: isActive && count > 0 },
  )
  const isEmpty = count === 0
  useEffect(() => {
    if (!isEmpty) rows.current.get(start)?.focus({ preventScroll: false })
  }, [isEmpty, start])

  return {
    index,
    moveTo,
    rowProps: (row) => ({
      ref: (element) => {
        if (element) rows.current.set(row, element)
        else rows.current.delete(row)
      },
      tabIndex: row === index ? 0 : -1,
      onFocus: () => setWanted(row),
    }),
  }
}
