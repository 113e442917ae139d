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
  const texts = status.state === 'ready' ? clockTexts(status.data, now, facility) : undefined
  if (texts === undefined) return null
  return (
    <Notice tone="warn" icon={IconClockExclamation} isUrgent title={texts.title}>
      {texts.body}
    </Notice>
  )
}
