/** The form in which sign-in names are kept and compared, whatever somebody types. */
export const normalizeSignInName = (typed: string): string => typed.normalize('NFC').trim().toLowerCase()
