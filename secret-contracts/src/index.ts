export { compileContract, type CompiledContract, type CompileOptions } from '../compiler/compile.ts'
export { CompileError, type CompileFailure, type SourceError } from '../compiler/errors.ts'
export { contractClass } from '../compiler/generate-class.ts'
