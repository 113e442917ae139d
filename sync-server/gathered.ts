interface Asked<K, V> {
  readonly key: K
  readonly resolve: (value: V | undefined) => void
  readonly reject: (error: unknown) => void
}

/**
 * Looks up together all that is asked for in one turn of the loop: the busier the server is, the more keys share one
 * statement. What was not found is undefined.
 */
export const gathered = <K, V>(
  find: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>,
): ((key: K) => Promise<V | undefined>) => {
  let asked: Asked<K, V>[] = []

  const answerAll = async (): Promise<void> => {
    const all = asked
    asked = []
    try {
      const found = await find([...new Set(all.map(({ key }) => key))])
      for (const { key, resolve } of all) resolve(found.get(key))
    } catch (error) {
      for (const { reject } of all) reject(error)
    }
  }

  return (key) => {
    const { promise, resolve, reject } = Promise.withResolvers<V | undefined>()
    if (asked.push({ key, resolve, reject }) === 1) setImmediate(() => void answerAll())
    return promise
  }
}
