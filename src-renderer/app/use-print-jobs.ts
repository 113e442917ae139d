import { useEffect, useState } from 'react'
import type { PrintJob } from '../../src-shared/contract/ipc.ts'
import { call } from './bridge-call.ts'
import { useDesk } from './desk.ts'

/** The print queue of this computer, newest state. */
export const usePrintJobs = (): readonly PrintJob[] => {
  const { bridge, onPrintJobs } = useDesk()
  const [jobs, setJobs] = useState<readonly PrintJob[]>([])

  useEffect(() => {
    let turn = 0
    const read = async (): Promise<void> => {
      turn += 1
      const mine = turn
      const reply = await call(bridge, 'print.jobs', null)
      if (mine === turn && reply.ok) setJobs(reply.value)
    }
    void read()
    const stop = onPrintJobs(() => void read())
    return () => {
      turn = -1
      stop()
    }
  }, [bridge, onPrintJobs])

  return jobs
}

/** Paid for, but not on paper. */
export const isUnprinted = (job: PrintJob): boolean => job.state === 'waiting' || job.state === 'failed'
