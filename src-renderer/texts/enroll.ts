const notReached = 'The server does not answer at this address. Check the address and the internet, then try again.'

/** Of the screen that takes a code: of a new computer, and of one whose keychain was lost. */
export const enrollTexts = {
  not_enrolled: {
    title: 'Set up this computer',
    hint: 'An administrator gives you the address and a code. The code works once, and only for a few minutes.',
    button: 'Set up this computer',
    busy: 'Setting up …',
    notReached,
    missing: 'Enter the address, the code and a name. One of them is missing or does not look right.',
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
