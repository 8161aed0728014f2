import { fail } from './control'

/** 16 words for products, then 9 and 8 for the long division. */
const scratch: usize = memory.data(4 * 33, 8)
const U = scratch + 64
const V = scratch + 100

// @ts-ignore: decorator
@inline
function word(base: usize, i: i32): u64 {
  return <u64>load<u32>(base + (<usize>i << 2))
}

// @ts-ignore: decorator
@inline
function setWord(base: usize, i: i32, value: u64): void {
  store<u32>(base + (<usize>i << 2), <u32>value)
}

/**
 * An unsigned integer of 256 bits, the `uint256` of Ethereum. Immutable. `+ - * / %` end the run with a readable reason
 * when the result does not fit or the divisor is zero; nothing ever wraps around.
 */
export class u256 {
  /** Four limbs of 64 bits, the lowest first: in memory, one little-endian number of 32 bytes. */
  constructor(
    readonly a: u64 = 0,
    readonly b: u64 = 0,
    readonly c: u64 = 0,
    readonly d: u64 = 0
  ) {}

  // @ts-ignore: decorator
  @inline
  static from(value: u64): u256 {
    return new u256(value)
  }

  static get zero(): u256 {
    return new u256()
  }

  static get one(): u256 {
    return new u256(1)
  }

  /** 2^256 - 1 */
  static get max(): u256 {
    return new u256(~(<u64>0), ~(<u64>0), ~(<u64>0), ~(<u64>0))
  }

  /** Reads decimal digits. */
  static parse(digits: string): u256 {
    if (digits.length == 0) fail('an empty text is no number')
    let value = new u256()
    const ten = new u256(10)
    for (let i = 0; i < digits.length; i++) {
      const digit = <u32>digits.charCodeAt(i) - 48
      if (digit > 9) fail('"' + digits + '" is no number')
      value = value * ten + new u256(digit)
    }
    return value
  }

  /** Reads 32 bytes, the highest first. */
  static load(from: usize): u256 {
    return new u256(
      bswap<u64>(load<u64>(from, 24)),
      bswap<u64>(load<u64>(from, 16)),
      bswap<u64>(load<u64>(from, 8)),
      bswap<u64>(load<u64>(from))
    )
  }

  /** Writes 32 bytes, the highest first. */
  store(to: usize): void {
    store<u64>(to, bswap<u64>(this.d))
    store<u64>(to, bswap<u64>(this.c), 8)
    store<u64>(to, bswap<u64>(this.b), 16)
    store<u64>(to, bswap<u64>(this.a), 24)
  }

  isZero(): bool {
    return (this.a | this.b | this.c | this.d) == 0
  }

  fitsU64(): bool {
    return (this.b | this.c | this.d) == 0
  }

  /** As a u64. Ends the run if it does not fit. */
  toU64(): u64 {
    if (!this.fitsU64()) fail('the number does not fit 64 bits')
    return this.a
  }

  compare(other: u256): i32 {
    if (this.d != other.d) return this.d < other.d ? -1 : 1
    if (this.c != other.c) return this.c < other.c ? -1 : 1
    if (this.b != other.b) return this.b < other.b ? -1 : 1
    if (this.a != other.a) return this.a < other.a ? -1 : 1
    return 0
  }

  @operator('==') equals(other: u256): bool {
    return ((this.a ^ other.a) | (this.b ^ other.b) | (this.c ^ other.c) | (this.d ^ other.d)) == 0
  }
  @operator('!=') differs(other: u256): bool {
    return !this.equals(other)
  }
  @operator('<') less(other: u256): bool {
    return this.compare(other) < 0
  }
  @operator('>') greater(other: u256): bool {
    return this.compare(other) > 0
  }
  @operator('<=') atMost(other: u256): bool {
    return this.compare(other) <= 0
  }
  @operator('>=') atLeast(other: u256): bool {
    return this.compare(other) >= 0
  }

  @operator('+') add(other: u256): u256 {
    const a = this.a + other.a
    let carry = <u64>(a < other.a)
    let b = this.b + carry
    carry = <u64>(b < carry)
    b += other.b
    carry += <u64>(b < other.b)
    let c = this.c + carry
    carry = <u64>(c < carry)
    c += other.c
    carry += <u64>(c < other.c)
    let d = this.d + carry
    carry = <u64>(d < carry)
    d += other.d
    carry += <u64>(d < other.d)
    if (carry != 0) fail('uint256 overflow in addition')
    return new u256(a, b, c, d)
  }

  @operator('-') sub(other: u256): u256 {
    if (this.compare(other) < 0) fail('uint256 underflow in subtraction')
    const a = this.a - other.a
    let borrow = <u64>(this.a < other.a)
    const b = this.b - other.b - borrow
    borrow = <u64>(this.b < other.b || (this.b == other.b && borrow != 0))
    const c = this.c - other.c - borrow
    borrow = <u64>(this.c < other.c || (this.c == other.c && borrow != 0))
    return new u256(a, b, c, this.d - other.d - borrow)
  }

  @operator('*') mul(other: u256): u256 {
    memory.fill(scratch, 0, 64)
    const x = changetype<usize>(this)
    const y = changetype<usize>(other)
    for (let i = 0; i < 8; i++) {
      const xi = word(x, i)
      if (xi == 0) continue
      let carry: u64 = 0
      for (let j = 0; j < 8; j++) {
        const sum = xi * word(y, j) + word(scratch, i + j) + carry // at most 2^64 - 1
        setWord(scratch, i + j, sum)
        carry = sum >> 32
      }
      setWord(scratch, i + 8, carry)
    }
    if ((load<u64>(scratch, 32) | load<u64>(scratch, 40) | load<u64>(scratch, 48) | load<u64>(scratch, 56)) != 0) {
      fail('uint256 overflow in multiplication')
    }
    return fromScratch(scratch)
  }

  @operator('/') div(other: u256): u256 {
    divide(this, other)
    return fromScratch(scratch)
  }

  @operator('%') rem(other: u256): u256 {
    divide(this, other)
    return fromScratch(U)
  }

  @operator('&') and(other: u256): u256 {
    return new u256(this.a & other.a, this.b & other.b, this.c & other.c, this.d & other.d)
  }
  @operator('|') or(other: u256): u256 {
    return new u256(this.a | other.a, this.b | other.b, this.c | other.c, this.d | other.d)
  }
  @operator('^') xor(other: u256): u256 {
    return new u256(this.a ^ other.a, this.b ^ other.b, this.c ^ other.c, this.d ^ other.d)
  }

  /** In decimal. */
  toString(): string {
    let text = ''
    let rest: u256 = this
    const billion = new u256(1000000000)
    do {
      divide(rest, billion)
      let low = load<u32>(U)
      rest = fromScratch(scratch)
      const last = rest.isZero()
      for (let i = 0; i < 9 && !(last && low == 0 && text.length > 0); i++) {
        text = String.fromCharCode(48 + (low % 10)) + text
        low /= 10
        if (last && low == 0) break
      }
    } while (!rest.isZero())
    return text
  }
}

function fromScratch(at: usize): u256 {
  return new u256(load<u64>(at), load<u64>(at, 8), load<u64>(at, 16), load<u64>(at, 24))
}

/** Long division in base 2^32 (Knuth, TAOCP 2, 4.3.1, algorithm D): the quotient goes to `scratch`, the remainder to `U`. */
function divide(x: u256, y: u256): void {
  if (y.isZero()) fail('division by zero')
  const from = changetype<usize>(y)
  let n = 8
  while (word(from, n - 1) == 0) n--
  memory.fill(scratch, 0, 64)
  memory.copy(U, changetype<usize>(x), 32)
  setWord(U, 8, 0)

  if (n == 1) {
    const divisor = word(from, 0)
    let rest: u64 = 0
    for (let i = 7; i >= 0; i--) {
      const value = (rest << 32) | word(U, i)
      setWord(scratch, i, value / divisor)
      rest = value % divisor
    }
    memory.fill(U, 0, 32)
    setWord(U, 0, rest)
    return
  }

  const shift = <u64>clz<u32>(<u32>word(from, n - 1)) // so that the divisor's highest bit is set
  memory.copy(V, from, 32)
  shiftLeft(V, n, shift)
  shiftLeft(U, 9, shift)
  const high = word(V, n - 1)
  const second = word(V, n - 2)
  for (let j = 8 - n; j >= 0; j--) {
    const top = (word(U, j + n) << 32) | word(U, j + n - 1)
    let q = top / high
    let r = top % high
    while (q >> 32 != 0 || q * second > ((r << 32) | word(U, j + n - 2))) {
      q--
      r += high
      if (r >> 32 != 0) break
    }
    let borrow: i64 = 0
    let carry: u64 = 0
    for (let i = 0; i < n; i++) {
      const product = q * word(V, i) + carry
      carry = product >> 32
      const t = <i64>word(U, i + j) - borrow - <i64>(product & 0xffffffff)
      setWord(U, i + j, <u64>t)
      borrow = t < 0 ? 1 : 0
    }
    const t = <i64>word(U, j + n) - borrow - <i64>carry
    setWord(U, j + n, <u64>t)
    if (t < 0) {
      q-- // it was one too high: add the divisor back
      carry = 0
      for (let i = 0; i < n; i++) {
        const sum = word(U, i + j) + word(V, i) + carry
        setWord(U, i + j, sum)
        carry = sum >> 32
      }
      setWord(U, j + n, word(U, j + n) + carry)
    }
    setWord(scratch, j, q)
  }
  if (shift != 0) {
    for (let i = 0; i < 8; i++) setWord(U, i, (word(U, i) >> shift) | (word(U, i + 1) << (32 - shift)))
  }
}

function shiftLeft(base: usize, words: i32, shift: u64): void {
  let carry: u64 = 0
  for (let i = 0; i < words; i++) {
    const value = (word(base, i) << shift) | carry
    setWord(base, i, value)
    carry = value >> 32
  }
}
