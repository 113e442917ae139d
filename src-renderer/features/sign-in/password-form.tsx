import { Button, PasswordInput, Stack, TextInput } from '@mantine/core'
import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from 'react'
import type { ErrorData } from '../../../src-shared/errors.ts'
import { call } from '../../app/bridge-call.ts'
import { useDesk } from '../../app/desk.ts'
import { errorText } from '../../texts/errors.ts'
import { KeyHint } from '../../ui/key-hint.tsx'
import { Notice } from '../../ui/notice.tsx'

const waitOf = (error: ErrorData): number => {
  const asked = error.details['retry_after_seconds']
  return typeof asked === 'number' ? Math.ceil(asked) : 0
}

/** Counts down the seconds that must pass after too many wrong passwords. */
const useCountdown = (): [number, (seconds: number) => void] => {
  const [left, setLeft] = useState(0)
  useEffect(() => {
    if (left <= 0) return undefined
    const timer = setTimeout(() => setLeft(left - 1), 1000)
    return () => clearTimeout(timer)
  }, [left])
  return [left, setLeft]
}

/** Name and password. `name` is prefilled when somebody was picked. */
export const PasswordForm = ({ name }: { readonly name: string }) => {
  const { bridge, appState } = useDesk()
  const [signInName, setSignInName] = useState(name)
  const [password, setPassword] = useState('')
  const [hasCapsLock, setCapsLock] = useState(false)
  const [error, setError] = useState<ErrorData>()
  const [isBusy, setBusy] = useState(false)
  const nameField = useRef<HTMLInputElement>(null)
  const passwordField = useRef<HTMLInputElement>(null)
  const [wait, setWait] = useCountdown()

  const signIn = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    if (!signInName.trim()) return nameField.current?.focus()
    if (!password) return passwordField.current?.focus()
    setBusy(true)
    const reply = await call(bridge, 'session.sign_in', { sign_in_name: signInName.trim(), password })
    setBusy(false)
    if (reply.ok) {
      appState.set(reply.value)
      return
    }
    setError(reply.error)
    setWait(waitOf(reply.error))
    setPassword('')
    passwordField.current?.focus()
  }
  const watchCapsLock = (event: KeyboardEvent): void => setCapsLock(event.getModifierState('CapsLock'))

  return (
    <form onSubmit={signIn}>
      <Stack gap="md">
        <TextInput
          ref={nameField}
          label="Name"
          size="md"
          value={signInName}
          onChange={(change) => setSignInName(change.currentTarget.value)}
          autoFocus={name === ''}
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
        />
        <PasswordInput
          ref={passwordField}
          label="Password"
          size="md"
          value={password}
          onChange={(change) => setPassword(change.currentTarget.value)}
          onKeyDown={watchCapsLock}
          onKeyUp={watchCapsLock}
          description={hasCapsLock ? 'Caps Lock is on.' : undefined}
          inputWrapperOrder={['label', 'input', 'description', 'error']}
          autoFocus={name !== ''}
          autoComplete="current-password"
          visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
        />
        {error && (
          <Notice tone={wait > 0 ? 'warn' : 'danger'} isUrgent>
            {wait > 0
              ? `Too many tries. You can try again in ${wait} ${wait === 1 ? 'second' : 'seconds'}.`
              : errorText(error)}
          </Notice>
        )}
        <Button type="submit" size="md" disabled={isBusy || wait > 0} rightSection={<KeyHint>↵</KeyHint>}>
          {isBusy ? 'Signing in …' : 'Sign in'}
        </Button>
      </Stack>
    </form>
  )
}
