/** For tests and benchmarks of other packages: builds small modules by hand and runs with plain values around them. */
export { assemble, firstFunction, instructions, type Code, type FunctionText, type ModuleText } from './assemble.ts'
export { runInput } from './support.ts'
