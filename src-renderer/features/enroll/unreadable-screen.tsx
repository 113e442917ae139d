import { Button } from '@mantine/core'
import { useState } from 'react'
import { useDesk } from '../../app/desk.ts'
import { unreadableText } from '../../texts/enroll.ts'
import { Gate } from '../../ui/gate.tsx'
import classes from './enroll-screen.module.css'

/** An enrolled computer whose files cannot be read now: nothing is set up anew over them. */
export const UnreadableScreen = () => {
  const { appState } = useDesk()
  const [isBusy, setBusy] = useState(false)
  const tryAgain = async (): Promise<void> => {
    setBusy(true)
    await appState.load()
    setBusy(false)
  }
  return (
    <Gate title={unreadableText.title} hint={unreadableText.hint}>
      <div className={classes['form']}>
        <Button size="md" fullWidth autoFocus disabled={isBusy} onClick={() => void tryAgain()}>
          {isBusy ? unreadableText.busy : unreadableText.button}
        </Button>
      </div>
    </Gate>
  )
}
