import {
  AbiWriter,
  Address,
  Bytes,
  Bytes32,
  context,
  crypto,
  ethereum,
  List,
  log,
  Mapping,
  Packer,
  random,
  require,
  state,
  u256,
  Unpacker
} from '@enigma/sdk'

/** Everything the SDK offers, one function each. */
class Note {
  author: Address = Address.zero
  text: string = ''
  marks: Array<u32> = []

  pack(out: Packer): void {
    out.put(this.author)
    out.put(this.text)
    out.put(this.marks)
  }

  unpack(from: Unpacker): void {
    this.author = from.get<Address>()
    this.text = from.get<string>()
    this.marks = from.get<Array<u32>>()
  }
}

const notes = new List<Note>('notes')
const balances = new Mapping<Address, u256>('balances')
const byName = new Mapping<string, u64>('byName')

export function constructor(owner: Address, limit: u256, label: string): void {
  require(label.length > 0, 'a label is needed')
  state.set('owner', owner)
  state.set('limit', limit)
  state.set('label', label)
}

@view
export function owner(): Address {
  return state.get<Address>('owner')
}

@view
export function limit(): u256 {
  return state.get<u256>('limit')
}

@view
export function label(): string {
  return state.get<string>('label')
}

export function addNote(text: string, marks: u32[]): u32 {
  const note = new Note()
  note.author = context.caller()
  note.text = text
  note.marks = marks
  notes.push(note)
  return notes.length
}

@view
export function noteText(index: u32): string {
  return notes.get(index).text
}

@view
export function noteMarks(index: u32): u32[] {
  return notes.get(index).marks
}

@view
export function noteAuthor(index: u32): Address {
  return notes.get(index).author
}

export function replaceNote(index: u32, text: string): void {
  const note = notes.get(index)
  note.text = text
  notes.set(index, note)
}

export function popNote(): string {
  return notes.pop().text
}

export function credit(who: Address, amount: u256): u256 {
  const sum = balances.getOr(who, u256.zero) + amount
  balances.set(who, sum)
  return sum
}

@view
export function balance(who: Address): u256 {
  return balances.get(who)
}

export function forget(who: Address): bool {
  return balances.remove(who)
}

export function setNumber(name: string, value: u64): void {
  byName.set(name, value)
}

@view
export function hasNumber(name: string): bool {
  return byName.has(name)
}

export function storeEverything(a: u256, b: u64, c: bool, d: Bytes32, e: Bytes, f: string[]): void {
  state.set('a', a)
  state.set('b', b)
  state.set('c', c)
  state.set('d', d)
  state.set('e', e)
  state.set('f', f)
}

@view
export function everything(): Bytes {
  const out = new AbiWriter(5)
  out.u256(state.get<u256>('a'))
  out.u64(state.get<u64>('b'))
  out.bool(state.get<bool>('c'))
  out.bytes32(state.get<Bytes32>('d'))
  out.bytes(state.get<Bytes>('e'))
  return out.toBytes()
}

@view
export function strings(): string[] {
  return state.get<string[]>('f')
}

@view
export function wrongType(): u64 {
  return state.get<u64>('label')
}

@view
export function absent(): u64 {
  return state.get<u64>('nobody')
}

@view
export function where(): Bytes32 {
  return context.contractAddress()
}

@view
export function when(): u64[] {
  return [context.blockNumber(), context.blockTime()]
}

@view
export function who(): string {
  return context.caller().toString()
}

@view
export function dice(sides: u64, throws: u32): u64[] {
  const result = new Array<u64>()
  for (let i: u32 = 0; i < throws; i++) result.push(random.below(sides))
  return result
}

@view
export function hash(data: Bytes): Bytes32 {
  return crypto.keccak256(data)
}

@view
export function signer(digest: Bytes32, signature: Bytes): Address {
  return crypto.recoverSigner(digest, signature)
}

@view
export function seal(key: Bytes32, data: Bytes): Bytes {
  return crypto.encrypt(key, data)
}

@view
export function open(key: Bytes32, data: Bytes): string {
  const plain = crypto.decrypt(key, data)
  return plain ? String.UTF8.decode(plain.buffer) : 'altered'
}

export function callEthereum(target: Address, price: u256): void {
  const args = new AbiWriter(2)
  args.u256(price)
  args.string('from the enclave')
  ethereum.callBack(target, ethereum.encodeCall('setPrice(uint256,string)', args), 70000)
}

export function logTwice(text: string): void {
  log(text)
  log(text + '!')
}

/** AssemblyScript's own checks end in a message with file and line. */
export function outOfBounds(index: u32): u32 {
  const list: u32[] = [1, 2, 3]
  return list[index]
}

export function throwing(): void {
  throw new Error('thrown by hand')
}

/** Needs far more memory than a contract has. */
export function hoard(kilobytes: u32): u32 {
  let sum: u32 = 0
  for (let i: u32 = 0; i < kilobytes; i++) sum += new Uint8Array(1024).length
  return sum
}
