/** The shell cannot start. The message is one line for the person at the computer: what is wrong and what to do. */
export class ShellError extends Error {
  override readonly name = 'ShellError'
}
