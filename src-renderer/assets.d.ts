/** Style sheets are vite's business: imported for their effect, or as a CSS module. */
declare module '*.css' {
  const classes: Readonly<Record<string, string>>
  export default classes
}
