/** While the reserve is used up or could not be taken (FAULTS D4). */
export const diskFullText = {
  title: 'The disk of this computer is almost full.',
  body: 'What was saved is safe, and work can go on for a while. Delete files that nobody needs, or call for help, before nothing more can be saved.',
}
