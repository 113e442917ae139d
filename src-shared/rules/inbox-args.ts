/** More than anybody does in one click. Every replica of the facility loads it. */
const mostTold = 65_536
/** Of what is longer, members up to this are still told: amounts and ids. */
const longestMember = 1000

/** In place of what was left out: how long all of it was, as JSON. No command has such a member. */
const shortenedFrom = 'shortened_from'

/** Arguments as an item of the inbox tells them, as JSON: as they were sent, or without their long parts. */
export const argsToTell = (args: unknown): string => {
  const json = JSON.stringify(args) ?? 'null'
  return json.length <= mostTold ? json : JSON.stringify(withoutLongParts(args, json.length))
}

const withoutLongParts = (value: unknown, length: number, most = mostTold / 2): object => {
  const kept: [string, unknown][] = []
  let left = most
  for (const [key, member] of Object.entries(isObject(value) ? value : {})) {
    const size = key.length + JSON.stringify(member).length
    if (size <= Math.min(longestMember, left)) {
      kept.push([key, member])
      left -= size
    } else if (key === 'args' && most > longestMember) {
      // An attempt to do something again has the arguments of that.
      kept.push([key, withoutLongParts(member, size, longestMember)])
    }
  }
  return { ...Object.fromEntries(kept), [shortenedFrom]: length }
}

/** Whether long parts were left out. The server keeps the whole (`mutations.body`). */
export const areShortened = (args: unknown): boolean => isObject(args) && Object.hasOwn(args, shortenedFrom)

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
