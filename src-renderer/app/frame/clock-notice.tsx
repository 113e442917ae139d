import { IconClockExclamation } from '@tabler/icons-react'
import { clockTexts } from '../../texts/clock.ts'
import { Notice } from '../../ui/notice.tsx'
import { useSession } from '../use-app-state.ts'
import { useNow } from '../use-now.ts'
import { useSyncStatus } from '../use-sync-status.ts'

/** Stands above everything until the clock of this computer is right again. */
export const ClockNotice = () => {
  const status = useSyncStatus()
  const now = useNow()
  const { facility } = useSession()
  if (status.state !== 'ready' || status.data.clock_ahead_seconds === null) return null
  const { title, body } = clockTexts(now, status.data.clock_ahead_seconds, facility)
  return (
    <Notice tone="warn" icon={IconClockExclamation} isUrgent title={title}>
      {body}
    </Notice>
  )
}
