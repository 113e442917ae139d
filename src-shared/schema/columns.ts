import { z } from 'zod'
import type { Permission } from '../permissions.ts'

/** One column: how both databases store it, what a valid value is, and how it arrives from PostgreSQL's JSON. */
export interface Column<T> {
  readonly pg: string
  readonly sqlite: 'TEXT' | 'INTEGER'
  readonly isNullable: boolean
  readonly schema: z.ZodType<T>
  /** From `to_jsonb` of PostgreSQL to the form used inside Foyer. */
  readonly fromWire: (value: unknown) => unknown
  readonly references: string | undefined
  /** Only roles with this permission may read it. */
  readonly readers: Permission | undefined
  readonly nullable: () => Column<T | null>
  readonly only: (readers: Permission) => Column<T>
}

type Facts<T> = Pick<Column<T>, 'pg' | 'sqlite' | 'schema'> & Partial<Pick<Column<T>, 'fromWire' | 'references'>>

const asIs = (value: unknown): unknown => value

const column = <T>(facts: Facts<T>): Column<T> => {
  const make = <U>(over: Partial<Column<U>>, schema: z.ZodType<U>): Column<U> => ({
    isNullable: false,
    readers: undefined,
    references: undefined,
    fromWire: asIs,
    ...facts,
    ...over,
    schema,
    nullable: () => make<U | null>({ ...(over as Partial<Column<U | null>>), isNullable: true }, schema.nullable()),
    only: (readers) => make<U>({ ...over, readers }, schema),
  })
  return make<T>({}, facts.schema)
}

/**
 * Text that both databases keep alike: SQLite takes U+0000 and lone surrogates, PostgreSQL does not (FAULTS D17).
 * Refused where it enters, so that a valid local write cannot become a poison mutation.
 */
export const isSharedText = (text: string): boolean => !text.includes('\0') && text.isWellFormed()

/** The same value with every text in it as both databases can keep it: what they cannot is left out. */
export const withSharedTexts = (value: unknown): unknown => {
  if (typeof value === 'string') return value.replaceAll('\0', '').toWellFormed()
  if (Array.isArray(value)) return value.map(withSharedTexts)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withSharedTexts(item)]))
}

export const sharedText = (maxLength: number) =>
  z.string().max(maxLength).refine(isSharedText, 'has a character that cannot be stored')

export const instantSchema = z.iso
  .datetime({ precision: 3 })
  .refine((text) => text > '0001' && text < '9999', 'is too far away')
const dateSchema = z.iso.date()
const timeSchema = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is not a time such as 16:30')
/** PostgreSQL's int4, which is also exact in JavaScript and JSON. */
export const integerSchema = z.number().int().min(-2_147_483_648).max(2_147_483_647)
/** An amount of money in minor units that is not negative. */
export const amountSchema = integerSchema.min(0)

/** An id that a command names, in the form that is stored: SQLite compares text, where PostgreSQL compares UUIDs. */
export const idSchema = z.uuid().toLowerCase()

/** An id; the name says which table it points at. */
export const uuid = (references?: string) =>
  column<string>({ pg: 'uuid', sqlite: 'TEXT', schema: z.uuid(), references })

export const text = (maxLength: number) => column<string>({ pg: 'text', sqlite: 'TEXT', schema: sharedText(maxLength) })

export const oneOf = <const V extends readonly [string, ...string[]]>(values: V) =>
  column<V[number]>({ pg: 'text', sqlite: 'TEXT', schema: z.enum(values) })

export const integer = () => column<number>({ pg: 'int4', sqlite: 'INTEGER', schema: integerSchema })

/** Minor units; may be negative where the column is a sum or a correction. */
export const money = () => column<number>({ pg: 'int4', sqlite: 'INTEGER', schema: integerSchema })

/** UTC ISO text with milliseconds. */
export const instant = () =>
  column<string>({
    pg: 'timestamptz',
    sqlite: 'TEXT',
    schema: instantSchema,
    fromWire: (value) => (typeof value === 'string' ? new Date(value).toISOString() : value),
  })

export const localDate = () => column<string>({ pg: 'date', sqlite: 'TEXT', schema: dateSchema })

/** `HH:MM` on the wall clock of the facility. */
export const localTime = () =>
  column<string>({
    pg: 'time',
    sqlite: 'TEXT',
    schema: timeSchema,
    fromWire: (value) => (typeof value === 'string' ? value.slice(0, 5) : value),
  })

/** JSON kept as the text that was written, so that both databases hold the same bytes. */
export const jsonText = (maxLength: number) =>
  column<string>({ pg: 'text', sqlite: 'TEXT', schema: sharedText(maxLength) })
