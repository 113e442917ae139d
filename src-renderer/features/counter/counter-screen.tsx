import { type ReactNode, useEffect, useRef } from 'react'
import { useSession } from '../../app/use-app-state.ts'
import { useEscape } from '../../app/use-escape.ts'
import { usePaymentSheet } from '../../app/payment-sheet.ts'
import { useScannedFamily } from '../../app/scanned-family.ts'
import { useKeys } from '../../ui/use-keys.ts'
import classes from './counter-screen.module.css'
import { useCounter } from './counter-store.ts'
import { Expected } from './expected.tsx'
import { FamilySheet } from './family-sheet.tsx'
import { SearchBox } from './search-box.tsx'
import { SearchResults } from './search-results.tsx'
import { useTypeAnywhere } from './use-type-anywhere.ts'
import { useFamilyList } from './use-family-list.ts'

/** The counter: who is this, and are they here (J1). `notices` stand below the search box. */
export const CounterScreen = ({ notices }: { readonly notices?: ReactNode }) => {
  const { staff_id } = useSession()
  const { text, familyId, start, open, close, type, isCheckingOut, setCheckingOut } = useCounter()
  const isPaying = usePaymentSheet((sheet) => sheet.view !== undefined)
  const { scanned, forget } = useScannedFamily()
  const search = useRef<HTMLInputElement>(null)
  const list = useFamilyList()

  useEffect(() => start(staff_id), [start, staff_id])
  useEffect(() => {
    if (!scanned) return
    open(scanned.familyId)
    forget()
  }, [scanned, open, forget])

  const isSearching = familyId === undefined && !isPaying
  useEffect(() => {
    if (isSearching) search.current?.select()
  }, [isSearching])
  useTypeAnywhere(search, isSearching)
  useEscape(() => type(''), isSearching && text !== '')
  useKeys({ '/': close }, { isActive: familyId !== undefined && !isPaying })
  useEscape(() => (isCheckingOut ? setCheckingOut(false) : close()), familyId !== undefined)

  return (
    <div className={classes['screen']}>
      <div>
        <SearchBox ref={search} list={list} />
        {notices}
      </div>
      <div className={classes['list']}>
        {text.trim() === '' ? <Expected list={list} /> : <SearchResults list={list} />}
      </div>
      {familyId !== undefined && <FamilySheet key={familyId} familyId={familyId} />}
    </div>
  )
}
