import { NativeSelect } from '@mantine/core'
import { useState } from 'react'
import { markAttendance } from '../../../src-shared/commands/mark-attendance.ts'
import { attendanceCodes } from '../../../src-shared/schema/tables/attendance-marks.ts'
import { attendanceTexts } from '../../texts/attendance.ts'
import type { Wording } from '../../texts/commands.ts'
import { InboxForm } from './inbox-form.tsx'
import type { Settle } from './use-settle.ts'

interface RedoMarksFormProps {
  readonly text: string
  readonly args: unknown
  readonly wording: Wording
  readonly redo: Settle['redo']
  readonly onClose: () => void
}

const options = attendanceCodes.map((value) => ({ value, label: attendanceTexts[value] }))

/** A roll that is marked again: each child as it was, or otherwise. Undefined arguments are none of this command. */
export const RedoMarksForm = ({ text, args, wording, redo, onClose }: RedoMarksFormProps) => {
  const parsed = markAttendance.args.safeParse(args)
  const [codes, setCodes] = useState<Readonly<Record<string, string>>>({})
  if (!parsed.success) return null

  const marks = parsed.data.marks.map((mark) => ({ ...mark, code: codes[mark.student_id] ?? mark.code }))
  return (
    <InboxForm
      label={`Do again: ${text}`}
      action="Mark again"
      onCommit={() => redo({ ...parsed.data, marks }, null)}
      onClose={onClose}
    >
      {marks.map(({ student_id, code }) => (
        <NativeSelect
          key={student_id}
          label={wording.names[student_id] ?? 'Child'}
          data={options}
          value={code}
          onChange={(event) => setCodes({ ...codes, [student_id]: event.currentTarget.value })}
        />
      ))}
    </InboxForm>
  )
}
