import { useState } from 'react'
import type { Command } from '../../../src-shared/commands/command.ts'
import { recordCheckIn } from '../../../src-shared/commands/record-check-in.ts'
import { recordCheckOut } from '../../../src-shared/commands/record-check-out.ts'
import { undoCheckIn } from '../../../src-shared/commands/undo-check-in.ts'
import type { ErrorData } from '../../../src-shared/errors.ts'
import { rowIdsOf } from '../../../src-shared/ids.ts'
import { useCommand } from '../../app/use-command.ts'
import { errorText } from '../../texts/errors.ts'
import { useToasts } from '../../ui/toasts.tsx'
import { useCounter } from './counter-store.ts'
import { namesOf, type Place } from './places.ts'

interface CounterCommands {
  readonly checkIn: (places: readonly Place[]) => Promise<void>
  /** `guardian` collects the children; null when they leave with nobody of the family. */
  readonly checkOut: (
    places: readonly Place[],
    guardian: { readonly id: string; readonly name: string } | null,
  ) => Promise<void>
  readonly error: ErrorData | undefined
}

const entriesOf = (places: readonly Place[]) =>
  places.map(({ student, session }) => ({ student_id: student.id, session_id: session.session_id }))

/** Check-in and check-out as one command each, with an undo that stays for ten seconds. */
export const useCounterCommands = (): CounterCommands => {
  const run = useCommand()
  const show = useToasts((toasts) => toasts.show)
  const finish = useCounter((counter) => counter.finish)
  const [error, setError] = useState<ErrorData>()

  const undo = async (mutationId: string, count: number, names: string): Promise<void> => {
    const nextId = rowIdsOf(mutationId)
    const reply = await run(undoCheckIn, { check_in_ids: Array.from({ length: count }, nextId) })
    show(reply.ok ? { text: `Undone for ${names}` } : { text: errorText(reply.error), tone: 'danger' })
  }

  const record = async <A>(command: Command<A>, args: A, done: { places: readonly Place[]; text: string }) => {
    const reply = await run(command, args)
    if (!reply.ok) {
      setError(reply.error)
      return
    }
    setError(undefined)
    const { mutation_id } = reply.value
    const names = namesOf(done.places)
    show({ text: done.text, undo: () => void undo(mutation_id, done.places.length, names) })
    finish()
  }

  return {
    error,
    checkIn: (places) =>
      record(recordCheckIn, { entries: entriesOf(places) }, { places, text: `Checked in ${namesOf(places)}` }),
    checkOut: (places, guardian) =>
      record(
        recordCheckOut,
        { entries: entriesOf(places), guardian_id: guardian?.id ?? null },
        { places, text: `${namesOf(places)} left${guardian ? ` with ${guardian.name}` : ''}` },
      ),
  }
}
