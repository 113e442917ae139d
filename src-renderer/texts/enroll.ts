import type { AppState } from '../../src-shared/contract/ipc.ts'
import { hereText } from './when.ts'

const notReached = 'The server does not answer at this address. Check the address and the internet, then try again.'

const asNew = {
  button: 'Set up this computer',
  busy: 'Setting up …',
  notReached,
  missing: 'Enter the address, the code and a name. One of them is missing or does not look right.',
}

/** Of the screen that takes a code, by the stage: a new computer, one whose keychain was lost, one that is damaged. */
export const enrollTexts = {
  not_enrolled: {
    ...asNew,
    title: 'Set up this computer',
    hint: 'An administrator gives you the address and a code. The code works once, and only for a few minutes.',
  },
  damaged: {
    ...asNew,
    title: 'Set up this computer again',
    hint:
      'The file that says what it was is lost or damaged (device.json in the folder of Foyer, and its copy). Work that was not ' +
      'sent opens only with it: where there is a backup, close Foyer, put the file back and start again. Otherwise ask an ' +
      'administrator for a code. What is here is put aside then, not deleted.',
  },
  locked: {
    title: 'Unlock this computer',
    hint:
      'The keychain of this computer does not open its data any more. All of it is still here, also what was not sent. ' +
      'Ask an administrator for a code, then sign in while the internet is there.',
    button: 'Unlock this computer',
    busy: 'Unlocking …',
    notReached,
    missing: 'Enter the address and the code. One of them is missing or does not look right.',
  },
} as const

/** Of a computer whose device.json another program or the permissions keep from Foyer. */
export const unreadableText = {
  title: 'Foyer cannot read its files',
  hint:
    'The file device.json in the folder of Foyer cannot be read now. Another program may have it open, or it belongs to ' +
    'another user of this computer. Nothing is lost, and nothing is set up anew. Close other programs or ask who looks ' +
    'after this computer, then try again.',
  button: 'Try again',
  busy: 'Reading …',
} as const

/** Of a computer that an administrator has revoked, to whoever stands before it and did not know. */
export const revokedText = ({ name, facility_name, at }: NonNullable<AppState['revoked']>) => ({
  title: `${name} was shut out of ${facility_name}`,
  body:
    `By an administrator, on ${hereText(at)}. All that was saved here is with the office; nothing of the facility ` +
    'is left on this computer. To use it again, ask for a new code.',
})
