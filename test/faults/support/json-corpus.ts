/** Texts at the corners of JSON (RFC 8259 and what parsers get wrong), as bodies of a JSON-RPC call. */
export function jsonCorpus(): { name: string; body: Uint8Array }[] {
  const text = (name: string, body: string): { name: string; body: Uint8Array } => ({ name, body: Buffer.from(body) })
  const depth = 100_000
  const call = (params: string): string => `{"jsonrpc":"2.0","id":1,"method":"getInfo","params":${params}}`
  const values = [
    '1e400', '-0', '1E+2', '01', '.5', '+1', 'NaN', 'Infinity', '0x10', '1_000', '"\\ud800"', '"\\u0000"', '"\t"', "'a'", 'tru', 'nul',
    '[1,]', '[,1]', '{"a":1,}', '{a:1}', '{"a" 1}', '/*c*/1', '1//c', '\u00a01', '"\\x41"', '"unclosed', '[', ']', '{', '}', '""""', '[[]',
    '{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}', '{"toString":1}', '9007199254740993', '-9007199254740993'
  ] // prettier-ignore
  return [
    ...values.map((value, i) => text(`value ${i}: ${value}`, call(value))),
    text('nothing', ''),
    text('white space', ' \n\t '),
    text('a byte-order mark', `\ufeff${call('{}')}`),
    text('repeated keys', `{"jsonrpc":"2.0","id":1,"id":2,"method":"getInfo","method":"sendTaskInput"}`),
    text('50,000 repeated keys', `{${Array(50_000).fill('"a":1').join()}}`),
    text('deep arrays', '['.repeat(depth)),
    text('deep closed arrays', '['.repeat(depth) + ']'.repeat(depth)),
    text('deep objects', '{"a":'.repeat(depth)),
    text('deep params', call('['.repeat(depth) + ']'.repeat(depth))),
    text('a number of 100,000 digits', call('9'.repeat(100_000))),
    text('a string of a mebibyte', call(`"${'a'.repeat(2 ** 20)}"`)),
    text('escapes', call(`"${'\\u0041'.repeat(50_000)}"`)),
    text('a batch of 10,000', `[${Array(10_000).fill(call('{}')).join()}]`),
    text('an empty batch', '[]'),
    text('a batch of rubbish', '[1,null,"a",[],{}]'),
    text('a method of a megabyte', `{"jsonrpc":"2.0","id":1,"method":"${'m'.repeat(10 ** 6)}"}`),
    text('a method of the prototype', `{"jsonrpc":"2.0","id":1,"method":"constructor"}`),
    text('another method of the prototype', `{"jsonrpc":"2.0","id":1,"method":"__proto__"}`),
    text('an object as id', `{"jsonrpc":"2.0","id":{"a":1},"method":"getInfo"}`),
    { name: 'overlong UTF-8', body: Buffer.from(call('"?"')).map(b => (b === 0x3f ? 0xc0 : b)) },
    {
      name: 'half a surrogate in UTF-8',
      body: Buffer.concat([Buffer.from('{"a":"'), Buffer.of(0xed, 0xa0, 0x80), Buffer.from('"}')])
    },
    { name: 'UTF-16', body: Buffer.from(call('{}'), 'utf16le') },
    { name: 'zero bytes', body: new Uint8Array(10_000) },
    { name: 'a gzip header', body: Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0) }
  ]
}
