export * from './bytes.ts'
export * from './codec.ts'
export * from './errors.ts'
export * from './ids.ts'
