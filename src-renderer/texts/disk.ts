/** While the reserve is used up or could not be taken (FAULTS D4), or the disk cannot be written (D6). */
export const diskTexts = {
  almost_full: {
    tone: 'warn',
    title: 'The disk of this computer is almost full.',
    body: 'What was saved is safe, and work can go on for a while. Delete files that nobody needs, or call for help, before nothing more can be saved.',
  },
  read_only: {
    tone: 'danger',
    title: 'The disk of this computer cannot be written: you can look things up, and save nothing.',
    body: 'What was saved is safe and is sent. Work at another computer, call for help, and start Foyer again afterwards.',
  },
} as const
