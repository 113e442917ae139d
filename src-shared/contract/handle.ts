/** The epoch that the handle of a log was made in (the name of the server's history), if it is one of Foyer's own. */
export const epochOf = (handle: string | undefined): string | undefined =>
  /^[^.]{36}\.(?:desk|office)\.([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\.[\da-f]{12}$/.exec(handle ?? '')?.[1]
