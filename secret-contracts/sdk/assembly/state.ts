import { fail } from './control'
import * as host from './host'
import { Packer, Unpacker } from './pack'

/** One buffer for reading values: most are small, and memory is not given back during a run. */
let room: ArrayBuffer = new ArrayBuffer(256)

/** Reads a value into `room`, which grows if it must; returns its length, or -1. */
function fetch(key: Packer): i32 {
  const length = host.state_read(key.start, key.length, changetype<usize>(room), room.byteLength)
  if (length > room.byteLength) {
    room = new ArrayBuffer(length * 2)
    host.state_read(key.start, key.length, changetype<usize>(room), room.byteLength)
  }
  return length
}

function fetched<T>(length: i32): T {
  const unpacker = new Unpacker(changetype<usize>(room), length)
  const value = unpacker.get<T>()
  unpacker.done()
  return value
}

/** The contract's encrypted state, by keys of 1 to 256 bytes. Below `state`, `List` and `Mapping`. */
export namespace raw {
  export function has(key: Packer): bool {
    return host.state_length(key.start, key.length) >= 0
  }

  export function getOr<T>(key: Packer, fallback: T): T {
    const length = fetch(key)
    return length < 0 ? fallback : fetched<T>(length)
  }

  export function get<T>(key: Packer, what: string): T {
    const length = fetch(key)
    if (length < 0) fail('nothing is stored as ' + what)
    return fetched<T>(length)
  }

  export function set<T>(key: Packer, value: T): void {
    const packer = new Packer()
    packer.put<T>(value)
    host.state_write(key.start, key.length, packer.start, packer.length)
  }

  export function remove(key: Packer): bool {
    return host.state_remove(key.start, key.length) != 0
  }
}

function named(name: string): Packer {
  const key = new Packer(32)
  const text = String.UTF8.encode(name)
  key.append(changetype<usize>(text), text.byteLength)
  return key
}

/** Single values by name. `state.set<u256>('total', x)`, `state.get<u256>('total')`. */
export namespace state {
  export function has(name: string): bool {
    return raw.has(named(name))
  }

  /** Ends the run if nothing is stored under the name. */
  export function get<T>(name: string): T {
    return raw.get<T>(named(name), name)
  }

  export function getOr<T>(name: string, fallback: T): T {
    return raw.getOr<T>(named(name), fallback)
  }

  export function set<T>(name: string, value: T): void {
    raw.set<T>(named(name), value)
  }

  /** False if there was nothing. */
  export function remove(name: string): bool {
    return raw.remove(named(name))
  }
}

/** An entry's key: the collection's name, a zero byte, the entry's own key. No name of `state` can look like it unless it holds a zero. */
function entry<K>(name: string, key: K): Packer {
  const packer = named(name)
  packer.put<u8>(0)
  packer.put<K>(key)
  return packer
}

/** A list in the state, each element under its own key: appending costs the same at any length. */
export class List<T> {
  constructor(private name: string) {}

  get length(): u32 {
    return raw.getOr<u32>(named(this.name), 0)
  }

  push(value: T): void {
    const length = this.length
    raw.set<T>(entry<u32>(this.name, length), value)
    raw.set<u32>(named(this.name), length + 1)
  }

  /** Ends the run beyond the end. */
  get(index: u32): T {
    return raw.get<T>(entry<u32>(this.name, index), this.name + ' (list)')
  }

  set(index: u32, value: T): void {
    if (index >= this.length) fail('the list ' + this.name + ' is shorter than that')
    raw.set<T>(entry<u32>(this.name, index), value)
  }

  pop(): T {
    const length = this.length
    if (length == 0) fail('the list ' + this.name + ' is empty')
    const value = this.get(length - 1)
    raw.remove(entry<u32>(this.name, length - 1))
    raw.set<u32>(named(this.name), length - 1)
    return value
  }
}

/** A map in the state, each entry under its own key. It cannot be walked; keep a `List` of its keys for that. */
export class Mapping<K, V> {
  constructor(private name: string) {}

  has(key: K): bool {
    return raw.has(entry<K>(this.name, key))
  }

  /** Ends the run if there is no such entry. */
  get(key: K): V {
    return raw.get<V>(entry<K>(this.name, key), this.name + ' (entry)')
  }

  getOr(key: K, fallback: V): V {
    return raw.getOr<V>(entry<K>(this.name, key), fallback)
  }

  set(key: K, value: V): void {
    raw.set<V>(entry<K>(this.name, key), value)
  }

  /** False if there was no such entry. */
  remove(key: K): bool {
    return raw.remove(entry<K>(this.name, key))
  }
}
