import * as host from './host'

/** Ends the run with a readable reason, which only the caller can decrypt. Nothing that was written counts. */
export function fail(message: string): void {
  const text = String.UTF8.encode(message)
  host.revert(changetype<usize>(text), text.byteLength)
  unreachable() // revert does not come back
}

/** Ends the run with `message` unless `condition` holds. */
export function require(condition: bool, message: string): void {
  if (!condition) fail(message)
}

/** Ends the run because its input is not what the function takes. Used by the generated code. */
export function badInput(message: string): void {
  const text = String.UTF8.encode(message)
  host.bad_input(changetype<usize>(text), text.byteLength)
  unreachable()
}

/** Where `throw`, `assert` and AssemblyScript's own checks (array bounds, null) end. */
export function abort(message: string | null, file: string | null, line: u32, column: u32): void {
  fail((message ? message : 'aborted') + ' (' + (file ? file : '?') + ':' + decimal(line) + ':' + decimal(column) + ')')
}

/** A small unsigned number in digits; smaller than AssemblyScript's own conversion. */
export function decimal(value: u64): string {
  let digits = ''
  do {
    digits = String.fromCharCode(48 + <i32>(value % 10)) + digits
    value /= 10
  } while (value != 0)
  return digits
}
