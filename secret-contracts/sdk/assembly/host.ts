/**
 * The platform's functions, exactly as docs/spec/secret-contracts.md names them. Pointers and lengths only:
 * contracts use the typed functions of the other files.
 */
@external("enigma", "input_length") export declare function input_length(): i32
@external("enigma", "input_copy") export declare function input_copy(to: usize): void
@external("enigma", "output_set") export declare function output_set(from: usize, length: i32): void
@external("enigma", "revert") export declare function revert(text: usize, length: i32): void
@external("enigma", "bad_input") export declare function bad_input(text: usize, length: i32): void
@external("enigma", "state_length") export declare function state_length(key: usize, keyLength: i32): i32
@external("enigma", "state_read") export declare function state_read(key: usize, keyLength: i32, to: usize, capacity: i32): i32
@external("enigma", "state_write") export declare function state_write(key: usize, keyLength: i32, from: usize, length: i32): void
@external("enigma", "state_remove") export declare function state_remove(key: usize, keyLength: i32): i32
@external("enigma", "caller") export declare function caller(to: usize): void
@external("enigma", "contract_address") export declare function contract_address(to: usize): void
@external("enigma", "block_number") export declare function block_number(): u64
@external("enigma", "block_time") export declare function block_time(): u64
@external("enigma", "random") export declare function random(to: usize, length: i32): void
@external("enigma", "keccak256") export declare function keccak256(from: usize, length: i32, to: usize): void
@external("enigma", "ecrecover") export declare function ecrecover(hash: usize, signature: usize, to: usize): i32
@external("enigma", "encrypt") export declare function encrypt(key: usize, from: usize, length: i32, to: usize): i32
@external("enigma", "decrypt") export declare function decrypt(key: usize, from: usize, length: i32, to: usize): i32
@external("enigma", "callback_set") export declare function callback_set(target: usize, data: usize, length: i32, gas: i32): void
@external("enigma", "log") export declare function log(from: usize, length: i32): void
