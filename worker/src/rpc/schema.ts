/** The part of JSON Schema that the OpenRPC document uses. */
export interface Schema {
  readonly type?: 'string' | 'integer' | 'boolean' | 'object' | 'array' | readonly string[]
  readonly description?: string
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly enum?: readonly (string | null)[]
  readonly items?: Schema
  readonly maxItems?: number
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean
  readonly oneOf?: readonly Schema[]
}

/** Why a value does not fit a schema, as the end of a sentence; null if it does. Sizes are looked at before patterns. */
export function schemaFault(schema: Schema, value: unknown): string | null {
  if (schema.oneOf) {
    const faults = schema.oneOf.map(one => schemaFault(one, value))
    return faults.includes(null) ? null : faults.join(', or ')
  }
  if (schema.enum && !schema.enum.includes(value as string | null)) return 'must be one of the known values'
  const types = schema.type === undefined ? [] : typeof schema.type === 'string' ? [schema.type] : schema.type
  if (types.length > 0 && !types.some(type => isOfType(type, value))) return `must be of type ${types.join(' or ')}`
  if (typeof value === 'string') return textFault(schema, value)
  if (typeof value === 'number') return numberFault(schema, value)
  if (Array.isArray(value)) return listFault(schema, value)
  if (typeof value === 'object' && value !== null) return objectFault(schema, value as Record<string, unknown>)
  return null
}

function isOfType(type: string, value: unknown): boolean {
  if (type === 'integer') return Number.isSafeInteger(value)
  if (type === 'array') return Array.isArray(value)
  if (type === 'null') return value === null
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return typeof value === type
}

function textFault({ maxLength = Infinity, minLength = 0, pattern }: Schema, value: string): string | null {
  if (value.length > maxLength) return `must have at most ${maxLength} characters`
  if (value.length < minLength) return `must have at least ${minLength} characters`
  return pattern !== undefined && !compiled(pattern).test(value) ? `must match ${pattern}` : null
}

function numberFault({ minimum = -Infinity, maximum = Infinity }: Schema, value: number): string | null {
  return value >= minimum && value <= maximum ? null : `must be from ${minimum} to ${maximum}`
}

function listFault({ items, maxItems = Infinity }: Schema, value: readonly unknown[]): string | null {
  if (value.length > maxItems) return `must have at most ${maxItems} entries`
  if (!items) return null
  const faults = value.map(one => schemaFault(items, one)).filter(fault => fault !== null)
  return faults.length === 0 ? null : `has an entry that ${faults[0]}`
}

function objectFault(schema: Schema, value: Record<string, unknown>): string | null {
  const { properties = {}, required = [], additionalProperties = true } = schema
  const missing = required.find(name => !Object.hasOwn(value, name))
  if (missing !== undefined) return `needs ${missing}`
  for (const name of Object.keys(value)) {
    if (!Object.hasOwn(properties, name)) {
      if (!additionalProperties) return 'has a field that is not known'
      continue
    }
    const fault = schemaFault(properties[name]!, value[name])
    if (fault !== null) return `has a field ${name} that ${fault}`
  }
  return null
}

const patterns = new Map<string, RegExp>()
function compiled(pattern: string): RegExp {
  const known = patterns.get(pattern)
  if (known) return known
  const made = new RegExp(pattern)
  patterns.set(pattern, made)
  return made
}

// ------------------------------------------------------------------ parts that methods share

/** Bytes in 0x hex: `least` to `most` bytes. */
export const hexBytes = (least: number, most: number, description?: string): Schema => ({
  type: 'string',
  minLength: 2 + 2 * least,
  maxLength: 2 + 2 * most,
  pattern: '^0x(?:[0-9a-fA-F]{2})*$',
  ...(description === undefined ? {} : { description })
})
export const bytes32 = (description?: string): Schema => hexBytes(32, 32, description)
export const addressText = (description?: string): Schema => hexBytes(20, 20, description)
export const count = (description?: string): Schema => ({
  type: 'integer',
  minimum: 0,
  maximum: Number.MAX_SAFE_INTEGER,
  ...(description === undefined ? {} : { description })
})
export const decimal = (description?: string): Schema => ({
  type: 'string',
  maxLength: 78,
  pattern: '^\\d+$',
  ...(description === undefined ? {} : { description })
})
export const words = (maxLength: number): Schema => ({ type: 'string', maxLength })
export const flag: Schema = { type: 'boolean' }
export const orNull = (schema: Schema): Schema => ({ oneOf: [schema, { type: ['null'] }] })
export const listOf = (items: Schema, maxItems: number): Schema => ({ type: 'array', items, maxItems })
/** Fields whose name ends in `?` may be absent. */
export function objectOf(fields: Readonly<Record<string, Schema>>): Schema {
  const properties = Object.fromEntries(Object.entries(fields).map(([name, schema]) => [name.replace('?', ''), schema]))
  const required = Object.keys(fields).filter(name => !name.endsWith('?'))
  return { type: 'object', properties, required, additionalProperties: false }
}
