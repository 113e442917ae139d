/** A line to the server that can be cut and mended. */
export const cuttable = () => {
  let isCut = false
  const line: typeof fetch = async (input, init) => {
    if (isCut) throw new TypeError('fetch failed')
    return fetch(input, init)
  }
  return {
    fetch: line,
    cut: (value: boolean): void => {
      isCut = value
    },
  }
}
