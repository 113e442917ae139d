/**
 * Which version of the data a desktop reads. It grows when what the server sends changes so that older programs would
 * show something wrong: a column is taken away, or means something else (the contract step of expand → migrate →
 * contract). New tables, columns and commands leave it as it is.
 */
export const dataVersion = 1

/** What desktops send it in. Programs from before it was sent read version 1. */
export const versionHeader = 'foyer-version'

/** The server sends data to desktops that read this version or a later one. What they send is taken from all. */
export const oldestDataVersion = 1
