import { jsonCorners } from './json-corners.ts'

export interface JsonBody {
  readonly name: string
  readonly body: Uint8Array
  /** False: these bytes are no JSON, by the letter of RFC 8259, and nothing may be done because of them. */
  readonly valid: boolean
}

/** Bodies of a JSON-RPC call: every corner of JSON as its parameters, and texts that are large, deep, or in another encoding. */
export function jsonCorpus(): JsonBody[] {
  const corners = jsonCorners().map((value, i) => {
    const body = Buffer.concat([Buffer.from(HEAD), value, Buffer.from('}')])
    return of(`corner ${i}: ${Buffer.from(value).toString('latin1').slice(0, 40)}`, body)
  })
  return [...corners, ...jsonBombs()]
}

const HEAD = '{"jsonrpc":"2.0","id":1,"method":"getInfo","params":'
const call = (params: string): string => `${HEAD}${params}}`

function of(name: string, body: Uint8Array): JsonBody {
  return { name, body, valid: isJson(body) }
}

function isJson(body: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body))
    return true
  } catch {
    return false
  }
}

/** Small to send and large, deep, or slow to read; and other encodings. */
export function jsonBombs(): JsonBody[] {
  const depth = 100_000
  const texts: Record<string, string> = {
    'nothing': '',
    'white space': ' \n\t ',
    'a byte-order mark': `\ufeff${call('{}')}`,
    'repeated keys': `{"jsonrpc":"2.0","id":1,"id":2,"method":"getInfo","method":"sendTaskInput"}`,
    '50,000 repeated keys': `{${Array(50_000).fill('"a":1').join()}}`,
    '50,000 keys': `{${Array.from({ length: 50_000 }, (_, i) => `"${i}":1`).join()}}`,
    'deep arrays': '['.repeat(depth),
    'deep closed arrays': '['.repeat(depth) + ']'.repeat(depth),
    'deep objects': '{"a":'.repeat(depth),
    'deep params': call('['.repeat(depth) + ']'.repeat(depth)),
    'deep, behind a string of brackets': call(`["${'['.repeat(1000)}",${'['.repeat(1000)}${']'.repeat(1000)}]`),
    'a number of 100,000 digits': call('9'.repeat(100_000)),
    'a string of a mebibyte': call(`"${'a'.repeat(2 ** 20)}"`),
    'escapes': call(`"${'\\u0041'.repeat(50_000)}"`),
    'a batch of 10,000': `[${Array(10_000).fill(call('{}')).join()}]`,
    'an empty batch': '[]',
    'a batch of rubbish': '[1,null,"a",[],{}]',
    'a method of a megabyte': `{"jsonrpc":"2.0","id":1,"method":"${'m'.repeat(10 ** 6)}"}`,
    'a method of the prototype': `{"jsonrpc":"2.0","id":1,"method":"constructor"}`,
    'another method of the prototype': `{"jsonrpc":"2.0","id":1,"method":"__proto__"}`,
    'an object as id': `{"jsonrpc":"2.0","id":{"a":1},"method":"getInfo"}`
  } // prettier-ignore
  const utf16 = Buffer.from(call('{}'), 'utf16le')
  return [
    ...Object.entries(texts).map(([name, text]) => of(name, Buffer.from(text))),
    of('UTF-16', utf16),
    of('UTF-16 with its mark', Buffer.concat([Buffer.of(0xff, 0xfe), utf16])),
    of('UTF-16, the other way round', Buffer.from(utf16).swap16()),
    of('UTF-32', Buffer.from([...call('{}')].flatMap(char => [char.charCodeAt(0), 0, 0, 0]))),
    of('zero bytes', new Uint8Array(10_000)),
    of('a gzip header', Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0))
  ]
}
