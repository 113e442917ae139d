/**
 * How far a client has come, `<position>_<since>`: it has the log up to `position`. `since` is 0 once it has been up to
 * date; while it loads the log from the start it is the head that the load began at. A load skips what was deleted
 * before it began, so pruned tombstones up to there are no reason to send it back to the start.
 */
export interface Offset {
  readonly position: number
  readonly since: number
}

/** The offset before everything. */
export const fromStart = -1

/** Undefined when the text is no offset. Positions stay below 2^53. */
export const parseOffset = (text: string): Offset | typeof fromStart | undefined => {
  if (text === '-1') return fromStart
  const [, position, since] = /^(\d{1,15})_(\d{1,15})$/.exec(text) ?? []
  return position === undefined || since === undefined
    ? undefined
    : { position: Number(position), since: Number(since) }
}

export const formatOffset = ({ position, since }: Offset): string => `${position}_${since}`
