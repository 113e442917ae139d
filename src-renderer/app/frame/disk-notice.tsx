import { diskFullText } from '../../texts/disk.ts'
import { Notice } from '../../ui/notice.tsx'
import { useSyncStatus } from '../use-sync-status.ts'
import classes from './frame.module.css'

/** Stands above everything until there is room again. */
export const DiskNotice = () => {
  const status = useSyncStatus()
  if (status.state !== 'ready' || !status.data.disk_full) return null
  return (
    <div className={classes['notice']}>
      <Notice tone="warn" isUrgent title={diskFullText.title}>
        {diskFullText.body}
      </Notice>
    </div>
  )
}
