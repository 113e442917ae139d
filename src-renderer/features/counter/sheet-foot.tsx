import { Button } from '@mantine/core'
import { IconDoorExit } from '@tabler/icons-react'
import type { FamilySheet } from '../../../src-shared/queries/family.ts'
import { KeyHint } from '../../ui/key-hint.tsx'
import { CheckOut } from './check-out.tsx'
import { useCounter } from './counter-store.ts'
import { namesOf, type Place } from './places.ts'
import classes from './sheet-foot.module.css'
import type { SheetActions } from './use-family-sheet.ts'

interface SheetFootProps {
  readonly family: FamilySheet
  readonly places: readonly Place[]
  readonly actions: SheetActions
}

/** What Enter does, and the way out. */
export const SheetFoot = ({ family, places, actions }: SheetFootProps) => {
  const { isCheckingOut, setCheckingOut } = useCounter()
  const ticked = places.filter((place) => place.isTicked)
  const present = places.filter((place) => place.state === 'in')
  if (isCheckingOut && present.length > 0) {
    return <CheckOut guardians={family.guardians} present={present} onCollect={actions.collect} />
  }
  return (
    <>
      <span className={classes['hint']}>{hintFor(places, ticked)}</span>
      {present.length > 0 && (
        <Button
          variant="default"
          size="md"
          leftSection={<IconDoorExit size={18} aria-hidden="true" />}
          rightSection={<KeyHint>O</KeyHint>}
          aria-keyshortcuts="O"
          onClick={() => setCheckingOut(true)}
        >
          Check out
        </Button>
      )}
      <Button
        size="md"
        data-main
        variant={ticked.length > 0 ? 'filled' : 'default'}
        rightSection={<KeyHint>Enter</KeyHint>}
        aria-keyshortcuts="Enter"
        onClick={actions.enter}
      >
        {ticked.length > 0 ? `Check in ${ticked.length === 1 ? namesOf(ticked) : ticked.length}` : 'Done'}
      </Button>
    </>
  )
}

const hintFor = (places: readonly Place[], ticked: readonly Place[]): string => {
  if (ticked.length > 1) return namesOf(ticked)
  if (places.length > 0 && places.every((place) => place.state === 'in' || place.state === 'out')) {
    return 'Everybody is in already'
  }
  return places.some((place) => place.state === 'to come') && ticked.length === 0 ? 'Tick who comes in' : ''
}
