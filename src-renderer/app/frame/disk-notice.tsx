import { diskTexts } from '../../texts/disk.ts'
import { Notice } from '../../ui/notice.tsx'
import { useSyncStatus } from '../use-sync-status.ts'

/** Stands above everything until the disk is well again. */
export const DiskNotice = () => {
  const status = useSyncStatus()
  if (status.state !== 'ready' || status.data.disk === 'fine') return null
  const { tone, title, body } = diskTexts[status.data.disk]
  return (
    <Notice tone={tone} isUrgent title={title}>
      {body}
    </Notice>
  )
}
