/** What stands between may say anything: nobody waits longer than this without having asked again. */
const longestRetryAfterMs = 60_000

/**
 * How long an answer wants to be left alone, in milliseconds. In seconds, as our server says it; a date is as good as nothing,
 * because the clock here may be wrong.
 */
export const retryAfterMs = (headers: Headers): number => {
  const text = headers.get('retry-after') ?? ''
  return /^\d{1,9}$/.test(text) ? Math.min(Number(text) * 1000, longestRetryAfterMs) : 0
}
