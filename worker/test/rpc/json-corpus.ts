/** Corners of JSON as bytes: what parsers disagree about. `valid` is what RFC 8259 says of the whole text. */
export interface Corner {
  readonly name: string
  readonly bytes: Uint8Array
  readonly valid: boolean
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const raw = (before: string, middle: readonly number[], after: string): Uint8Array =>
  Uint8Array.from([...bytes(before), ...middle, ...bytes(after)])

const NUMBERS_GOOD = [
  '0',
  '-0',
  '1',
  '-1',
  '1.5',
  '1e5',
  '1E5',
  '1e+5',
  '1e-5',
  '0e0',
  '0.0',
  '1e400',
  '-1e400',
  '1e-400'
]
const NUMBERS_GOOD_TOO = [
  '123456789012345678901234567890',
  '0.1e1',
  '-0.0',
  '1.0E+2',
  `1${'0'.repeat(300)}`,
  '9007199254740993'
]
const NUMBERS_BAD = [
  '01',
  '-01',
  '+1',
  '.5',
  '-.5',
  '1.',
  '1.e5',
  '1e',
  '1e+',
  '1e-',
  '1.5.5',
  '--1',
  '0x10',
  '1_000',
  '1,5'
]
const NUMBERS_BAD_TOO = [
  'NaN',
  'Infinity',
  '-Infinity',
  'nan',
  '1a',
  '-',
  '1 2',
  '0b1',
  '0o7',
  '1e5.5',
  '٣',
  '1/2',
  '- 1'
]
const STRINGS_GOOD = [
  '""',
  '"a"',
  '"\\""',
  '"\\\\"',
  '"\\/"',
  '"\\b\\f\\n\\r\\t"',
  '"\\u0000"',
  '"\\u0041"',
  '"\\ud83d\\ude00"',
  '"\\ud800"'
]
const STRINGS_GOOD_TOO = [
  '"\\udfff\\ud800"',
  '"😀"',
  '"\u2028\u2029"',
  '"\u007f"',
  '"\ufeff"',
  '"__proto__"',
  '"constructor"',
  '"[[[[[["',
  '"\\u2028"'
]
const STRINGS_BAD = [
  '"',
  '"a',
  'a"',
  "'a'",
  '"\\x41"',
  '"\\u41"',
  '"\\uZZZZ"',
  '"\\u004"',
  '"\\a"',
  '"\\',
  '"\t"',
  '"\n"',
  '"\u0000"'
]
const STRINGS_BAD_TOO = [
  '"\\u"',
  '"\\ "',
  '"a""b"',
  '"\\U0041"',
  '“a”',
  '"\u001f"',
  '`a`',
  '"\\0"',
  '"\\ud83d\\u"',
  '"a"b'
]
const SHAPES_GOOD = [
  '[]',
  '{}',
  '[[]]',
  '[{}]',
  '{"a":[]}',
  '[1,2]',
  ' [ 1 , 2 ] ',
  '{"a":1,"a":2}',
  '{"":0}',
  '[null,true,false]'
]
const SHAPES_GOOD_TOO = [
  '\t\n\r [1]\t',
  '{"__proto__":{}}',
  '{"a":{"b":{"c":{}}}}',
  '{"\\u0061":1}',
  '{"constructor":{"prototype":{}}}'
]
const SHAPES_BAD = [
  '[',
  ']',
  '{',
  '}',
  '[1',
  '1]',
  '[1,]',
  '[,1]',
  '[1,,2]',
  '[1 2]',
  '[]]',
  '[[]',
  '{"a"}',
  '{"a":}',
  '{"a":1,}',
  '{,}'
]
const SHAPES_BAD_TOO = [
  '{a:1}',
  "{'a':1}",
  '{"a":1 "b":2}',
  '{"a"::1}',
  '{1:1}',
  '{"a":1}}',
  '[}',
  '{]',
  '{"a",1}',
  '{null:1}',
  '[1}',
  '()',
  '<>'
]
const WORDS_BAD = [
  '',
  ' ',
  'nul',
  'tru',
  'fals',
  'TRUE',
  'Null',
  'undefined',
  'nulltrue',
  'true,',
  '// comment\n1',
  '/* */1',
  '1//',
  '#1',
  '[1]x'
]
const WORDS_BAD_TOO = [
  '\u00a0[1]',
  '\u000b[1]',
  '\u000c[1]',
  '[1]\u0000',
  '\ufeff[1]',
  'a',
  '*',
  '[*]',
  '["a"',
  '\u2028[1]',
  'function(){}',
  '[1]//',
  ';'
]

const of = (names: readonly string[], valid: boolean): Corner[] =>
  names.map(text => ({ name: text.slice(0, 40), bytes: bytes(text), valid }))

const NO_UTF8: readonly (readonly number[])[] = [
  [0xff],
  [0xfe],
  [0x80],
  [0xc0, 0x80], // overlong
  [0xc1, 0xbf],
  [0xe0, 0x80, 0x80],
  [0xf0, 0x80, 0x80, 0x80],
  [0xed, 0xa0, 0x80], // a surrogate
  [0xed, 0xbf, 0xbf],
  [0xf4, 0x90, 0x80, 0x80], // beyond U+10FFFF
  [0xf8, 0x88, 0x80, 0x80, 0x80],
  [0xe2, 0x82], // cut short
  [0xf0, 0x9f, 0x98],
  [0xc3]
]

export const CORNERS: readonly Corner[] = [
  ...of([...NUMBERS_GOOD, ...NUMBERS_GOOD_TOO, ...STRINGS_GOOD, ...STRINGS_GOOD_TOO], true),
  ...of([...SHAPES_GOOD, ...SHAPES_GOOD_TOO, 'null', 'true', 'false'], true),
  ...of([...NUMBERS_BAD, ...NUMBERS_BAD_TOO, ...STRINGS_BAD, ...STRINGS_BAD_TOO], false),
  ...of([...SHAPES_BAD, ...SHAPES_BAD_TOO, ...WORDS_BAD, ...WORDS_BAD_TOO], false),
  ...NO_UTF8.map(middle => ({ name: `bytes ${middle.join(' ')}`, bytes: raw('"', middle, '"'), valid: false })),
  { name: 'UTF-16', bytes: raw('', [0xff, 0xfe, 0x5b, 0, 0x5d, 0], ''), valid: false },
  { name: 'UTF-8 mark', bytes: raw('', [0xef, 0xbb, 0xbf], '[1]'), valid: false }
]
