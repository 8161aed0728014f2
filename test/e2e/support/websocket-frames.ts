/**
 * Payloads of the frames that a WebSocket client sent after its HTTP request, without their mask (RFC 6455, section 5). Empty for a
 * connection that stayed HTTP.
 */
export function unmasked(stream: Buffer): Buffer {
  if (!/^upgrade: websocket/im.test(stream.toString('latin1', 0, 4096))) return Buffer.alloc(0)
  const payloads: Buffer[] = []
  let at = stream.indexOf('\r\n\r\n') + 4
  while (at >= 4 && at + 2 <= stream.length) {
    const length7 = (stream[at + 1] ?? 0) & 0x7f
    const masked = ((stream[at + 1] ?? 0) & 0x80) !== 0
    const lengthBytes = length7 === 126 ? 2 : length7 === 127 ? 8 : 0
    const bodyAt = at + 2 + lengthBytes + (masked ? 4 : 0)
    if (bodyAt > stream.length) break
    const length =
      lengthBytes === 0
        ? length7
        : lengthBytes === 2
          ? stream.readUInt16BE(at + 2)
          : Number(stream.readBigUInt64BE(at + 2))
    const mask = stream.subarray(bodyAt - 4, bodyAt)
    const body = Buffer.from(stream.subarray(bodyAt, bodyAt + length))
    if (masked) for (let i = 0; i < body.length; i++) body[i] = (body[i] ?? 0) ^ (mask[i % 4] ?? 0)
    payloads.push(body)
    at = bodyAt + length
  }
  return Buffer.concat(payloads)
}
