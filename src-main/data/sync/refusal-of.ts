import { DomainError, type ErrorData, toErrorData } from '../../../src-shared/errors.ts'

/** What the server said, out of the client's error for a final answer; undefined when it was no answer of ours. */
export const refusalOf = (error: unknown): ErrorData | undefined => {
  if (error instanceof DomainError) return error
  if (!(error instanceof Error) || !('json' in error)) return undefined
  const { json } = error as { readonly json?: unknown }
  if (typeof json !== 'object' || json === null || !('code' in json)) return toErrorData(error)
  // Every error body of our server has this form.
  return json as ErrorData
}
