/** One entry of the facility log: the row as it is since `position`, or null when it is gone from here. */
export interface LogEntry {
  readonly position: number
  readonly table_name: string
  readonly row_id: string
  readonly row: Readonly<Record<string, unknown>> | null
}
