/**
 * Ids of rows are made from the id of the mutation that creates them, so that a rerun makes the same rows.
 * A mutation id is a UUIDv7 whose last three hex digits are 000; its n-th new row has n in their place.
 */
const mutationIdPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{9}000$/

/** The most rows that one mutation can create. */
const maxRowsPerMutation = 0xfff

export const isMutationId = (id: string): boolean => mutationIdPattern.test(id)

/** Turns any UUIDv7 into a mutation id. */
export const toMutationId = (uuidV7: string): string => `${uuidV7.toLowerCase().slice(0, -3)}000`

/** Gives one new row id per call, the same ones for the same mutation. */
export const rowIdsOf = (mutationId: string): (() => string) => {
  let count = 0
  return () => {
    count += 1
    if (count > maxRowsPerMutation) throw new Error(`More than ${maxRowsPerMutation} rows in one mutation`)
    return mutationId.slice(0, -3) + count.toString(16).padStart(3, '0')
  }
}

const idPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Every id in the arguments of a command, however deep. */
export const idsIn = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return idPattern.test(value) ? [value] : []
  if (typeof value !== 'object' || value === null) return []
  return Object.values(value).flatMap(idsIn)
}

/** The mutation that would make, or made, the row with this id. Undefined for ids of another kind. */
export const mutationOfRow = (rowId: string): string | undefined => {
  const id = toMutationId(rowId)
  return isMutationId(id) ? id : undefined
}

/** The same arguments with every row of one mutation replaced by the row of the same number of another one. */
export const withRowsOf = (value: unknown, from: string, to: string): unknown => {
  if (typeof value === 'string') return mutationOfRow(value) === from ? to.slice(0, -3) + value.slice(-3) : value
  if (Array.isArray(value)) return value.map((item) => withRowsOf(item, from, to))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withRowsOf(item, from, to)]))
}
