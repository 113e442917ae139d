import { Button, Stack, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import type { AppState } from '../../../src-shared/contract/ipc.ts'
import type { ErrorData } from '../../../src-shared/errors.ts'
import { call } from '../../app/bridge-call.ts'
import { useDesk } from '../../app/desk.ts'
import { enrollTexts, revokedText } from '../../texts/enroll.ts'
import { errorText } from '../../texts/errors.ts'
import { Gate } from '../../ui/gate.tsx'
import { Notice } from '../../ui/notice.tsx'
import classes from './enroll-screen.module.css'

/** People leave the scheme out; it is https unless they say otherwise. */
const toUrl = (typed: string): string => (/^https?:\/\//i.test(typed) ? typed : `https://${typed}`)

/** Makes this computer one of a facility, or opens it again, with a code that an administrator gave out. */
export const EnrollScreen = ({ state }: { readonly state: AppState }) => {
  const { bridge, appState } = useDesk()
  const offeredServer = state.default_server_url
  const texts = enrollTexts[state.stage === 'locked' || state.stage === 'damaged' ? state.stage : 'not_enrolled']
  const [server, setServer] = useState(offeredServer)
  const [code, setCode] = useState('')
  const [name, setName] = useState(state.device?.name ?? state.revoked?.name ?? '')
  const [error, setError] = useState<ErrorData>()
  const [isBusy, setBusy] = useState(false)

  const errorOf = (problem: ErrorData): string => {
    if (problem.code === 'unavailable' || problem.code === 'needs_internet') return texts.notReached
    return problem.code === 'invalid_input' ? texts.missing : errorText(problem)
  }
  const enroll = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (!server.trim() || !code.trim() || !name.trim()) {
      setError({ code: 'invalid_input', message: '', details: {} })
      return
    }
    setBusy(true)
    setError(undefined)
    const reply = await call(bridge, 'device.enroll', {
      server_url: toUrl(server.trim()),
      code: code.trim().toUpperCase(),
      name: name.trim(),
    })
    setBusy(false)
    if (reply.ok) appState.set(reply.value)
    else setError(reply.error)
  }

  return (
    <Gate title={texts.title} hint={texts.hint}>
      <form onSubmit={enroll} className={classes['form']}>
        <Stack gap="md">
          {state.revoked && <RevokedNotice revoked={state.revoked} />}
          <TextInput
            label="Server address"
            placeholder="foyer.example.com"
            size="md"
            value={server}
            onChange={(change) => setServer(change.currentTarget.value)}
            autoFocus={offeredServer === ''}
            autoComplete="off"
            spellCheck={false}
          />
          <TextInput
            label="Code"
            placeholder="7K3M-9QXT-04BD"
            size="md"
            autoFocus={offeredServer !== ''}
            value={code}
            onChange={(change) => setCode(change.currentTarget.value)}
            classNames={{ input: classes['code'] }}
            autoComplete="off"
            spellCheck={false}
          />
          {state.device === null && (
            <TextInput
              label="Name of this computer"
              description="As people call it, such as Front desk 2."
              placeholder="Front desk 1"
              size="md"
              value={name}
              onChange={(change) => setName(change.currentTarget.value)}
              maxLength={100}
              autoComplete="off"
            />
          )}
          {error && (
            <Notice tone="danger" isUrgent>
              {errorOf(error)}
            </Notice>
          )}
          <Button type="submit" size="md" disabled={isBusy}>
            {isBusy ? texts.busy : texts.button}
          </Button>
        </Stack>
      </form>
    </Gate>
  )
}

const RevokedNotice = ({ revoked }: { readonly revoked: NonNullable<AppState['revoked']> }) => {
  const { title, body } = revokedText(revoked)
  return (
    <Notice tone="warn" title={title}>
      {body}
    </Notice>
  )
}
