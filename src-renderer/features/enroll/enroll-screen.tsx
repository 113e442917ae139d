import { Button, Stack, TextInput } from '@mantine/core'
import { type FormEvent, useState } from 'react'
import type { ErrorData } from '../../../src-shared/errors.ts'
import { call } from '../../app/bridge-call.ts'
import { useDesk } from '../../app/desk.ts'
import { errorText } from '../../texts/errors.ts'
import { Gate } from '../../ui/gate.tsx'
import { Notice } from '../../ui/notice.tsx'
import classes from './enroll-screen.module.css'

/** People leave the scheme out; it is https unless they say otherwise. */
const toUrl = (typed: string): string => (/^https?:\/\//i.test(typed) ? typed : `https://${typed}`)

/** Makes this computer one of a facility, with a code that an administrator gave out. */
export const EnrollScreen = ({ offeredServer }: { readonly offeredServer: string }) => {
  const { bridge, appState } = useDesk()
  const [server, setServer] = useState(offeredServer)
  const [code, setCode] = useState('')
  const [name, setName] = useState('')
  const [error, setError] = useState<ErrorData>()
  const [isBusy, setBusy] = useState(false)

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
    <Gate
      title="Set up this computer"
      hint="An administrator gives you the address and a code. The code works once, and only for a few minutes."
    >
      <form onSubmit={enroll} className={classes['form']}>
        <Stack gap="md">
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
          {error && (
            <Notice tone="danger" isUrgent>
              {enrollText(error)}
            </Notice>
          )}
          <Button type="submit" size="md" disabled={isBusy}>
            {isBusy ? 'Setting up …' : 'Set up this computer'}
          </Button>
        </Stack>
      </form>
    </Gate>
  )
}

const enrollText = (error: ErrorData): string => {
  if (error.code === 'unavailable' || error.code === 'needs_internet')
    return 'The server does not answer at this address. Check the address and the internet, then try again.'
  if (error.code === 'invalid_input')
    return 'Enter the address, the code and a name. One of them is missing or does not look right.'
  return errorText(error)
}
