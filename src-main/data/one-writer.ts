/** `CommandContext.lock` where nobody else writes. */
export const oneWriter = (): Promise<void> => Promise.resolve()
