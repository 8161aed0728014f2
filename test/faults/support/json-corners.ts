import { randomOf } from '@enigma/faults'

/**
 * Values at the corners of JSON, made from its grammar (RFC 8259) piece by piece: each number that can be put together of odd signs,
 * digits, fractions and exponents; each escape; each control character; each pair of structural characters; ... As bytes, because
 * some are no text.
 */
export function jsonCorners(): Uint8Array[] {
  const texts = [...numbers(), ...strings(), ...structures(), ...spaces(), ...literals(), ...objects()]
  const bytes = [...texts.map(text => Uint8Array.from(Buffer.from(text))), ...badUtf8()]
  return [...new Map(bytes.map(value => [Buffer.from(value).toString('latin1'), value])).values()]
}

const product = (...parts: readonly (readonly string[])[]): string[] =>
  parts.reduce<string[]>((heads, tails) => heads.flatMap(head => tails.map(tail => head + tail)), [''])

function numbers(): string[] {
  const small = product(
    ['', '-', '+', '--'],
    ['', '0', '00', '7', '0x1', '1_0'],
    ['', '.', '.5'],
    ['', 'e', 'E+1', 'e-']
  )
  const large = ['9007199254740993', '1e400', '-1e400', '1e-400', '-0', '9'.repeat(400), `0.${'0'.repeat(400)}1`]
  return [...small.filter(text => text !== ''), ...large, 'NaN', 'Infinity', '-Infinity', '١', '1 000', '1,000']
}

function strings(): string[] {
  const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i))
  const control = Array.from({ length: 32 }, (_, i) => String.fromCharCode(i))
  const hex = [
    '',
    '0',
    '00',
    '000',
    '0000',
    '00g0',
    '0000f',
    '-001',
    '+001',
    ' 001',
    'D800',
    'DFFF',
    'd83d\\ude00',
    'DE00\\uD83D'
  ]
  return [
    ...printable.map(char => `"\\${char}"`),
    ...control.map(char => `"${char}"`),
    ...hex.map(digits => `"\\u${digits}"`),
    ...['\u007f', '\u0080', '\u2028', '\u2029', '\ufeff', '\uffff', '😀', 'e\u0301'].map(char => `"${char}"`),
    '"', '""', '"""', "''", "'a'", '`a`', '"a', 'a"', '"\\', '"\\"', '"\\u12'
  ] // prettier-ignore
}

function structures(): string[] {
  const tokens = ['[', ']', '{', '}', ',', ':', '1', '"a"']
  const random = randomOf(8259)
  const longer = Array.from({ length: 80 }, () =>
    Array.from({ length: 3 + random.below(5) }, () => random.pick(tokens)).join('')
  )
  return [...tokens, ...product(tokens, tokens), ...longer]
}

function spaces(): string[] {
  const between = [
    ' ',
    '\t',
    '\n',
    '\r',
    '\r\n',
    '\v',
    '\f',
    '\b',
    '\0',
    '\u00a0',
    '\u1680',
    '\u2003',
    '\u2028',
    '\u3000',
    '\ufeff',
    '\u200b'
  ]
  return between.flatMap(space => [`[${space}1${space},${space}2${space}]`, `{${space}"a"${space}:${space}1${space}}`])
}

function literals(): string[] {
  const words = ['true', 'false', 'null']
  const bent = (word: string): string[] => [
    word,
    word.toUpperCase(),
    word.slice(0, -1),
    `${word}1`,
    `${word}${word}`,
    `-${word}`
  ]
  return [
    ...words.flatMap(bent),
    'undefined',
    'None',
    'Date()',
    '/a/',
    '/**/1',
    '1//a',
    '#a\n1',
    '<a/>',
    '=1',
    '*',
    '$',
    '\\n'
  ]
}

function objects(): string[] {
  const keys = [
    '',
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'length',
    '0',
    '-1',
    'a.b',
    '\\u0061',
    '\\u0000'
  ]
  const bodies = ['{a:1}', "{'a':1}", '{1:1}', '{"a":1,}', '{,}', '{"a"}', '{"a":}', '{:1}', '{"a":1 "b":2}', '{"a":1,,"b":2}', '{"a"::1}', '{"a":1}}', '[1,]', '[,1]', '[,]', '[1 2]', '[1]]', '[[1]', '{"a":[}', '["a":1]'] // prettier-ignore
  return [...keys.flatMap(key => [`{"${key}":1}`, `{"${key}":{"polluted":1}}`, `{"${key}":1,"${key}":2}`]), ...bodies]
}

/** Strings whose bytes are no UTF-8: stray and missing continuations, over-long forms, surrogates, beyond U+10FFFF. */
function badUtf8(): Uint8Array[] {
  const bytes = [
    [0x80], [0xbf, 0xbf], [0xc3], [0xe2, 0x82], [0xf0, 0x9f, 0x98], [0xc0, 0xaf], [0xc1, 0xbf], [0xe0, 0x80, 0xaf], [0xf0, 0x80, 0x80, 0xaf],
    [0xed, 0xa0, 0x80], [0xed, 0xbf, 0xbf], [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80], [0xfe], [0xff]
  ] // prettier-ignore
  return bytes.map(inner => Uint8Array.from([0x22, ...inner, 0x22]))
}
