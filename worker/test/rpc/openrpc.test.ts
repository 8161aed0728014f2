import { expect } from 'chai'
import { TASK_STAGES } from '@enigma/protocol'
import { METHOD_SPECS, RPC_METHOD_NAMES, type openRpcDocument } from '../../src/rpc/openrpc.ts'
import { hexBytes, listOf, objectOf, orNull, schemaFault, words } from '../../src/rpc/schema.ts'
import { MemoryChain } from '../memory-chain.ts'
import { Running } from '../net/network-kit.ts'
import { MemoryWorker, call } from './rpc-kit.ts'

describe('rpc/openrpc', () => {
  const running = new Running()
  afterEach(() => running.stop())

  it('is answered at rpc.discover and names every method with its parameters', async () => {
    const worker = new MemoryWorker(new MemoryChain())
    const server = await running.start(worker.server())
    const { result } = await call(server.port, 'rpc.discover')
    const document = result as ReturnType<typeof openRpcDocument>
    expect(document.openrpc).to.match(/^1\.3\./)
    expect(document.methods.map(({ name }) => name)).to.deep.equal(RPC_METHOD_NAMES)
    for (const { name, params, result: described } of document.methods) {
      expect(params.map(param => param.name)).to.deep.equal(Object.keys(METHOD_SPECS[name].params))
      expect(params.every(param => param.required)).to.equal(true)
      expect(described.schema, name).to.be.an('object')
    }
    expect(JSON.parse(JSON.stringify(document))).to.deep.equal(document)
  })

  it('describes the answers as they are', async () => {
    const worker = new MemoryWorker(new MemoryChain())
    const server = await running.start(worker.server())
    const taskId = `0x${'11'.repeat(32)}`
    for (const [method, params] of [
      ['getInfo', {}],
      ['getTaskStatus', { taskId }],
      ['getTaskResult', { taskId }],
      ['sendTaskInput', { envelope: '0x00' }]
    ] as const) {
      const { result } = await call(server.port, method, params)
      const given = method === 'sendTaskInput' ? (result as object) : result
      expect(schemaFault(METHOD_SPECS[method].result, given), method).to.equal(null)
    }
    const status = { taskId, status: 'SUCCESS', chainStatus: 2, events: TASK_STAGES.map(stage => ({ stage })) }
    expect(schemaFault(METHOD_SPECS.getTaskStatus.result, status)).to.equal(null)
    expect(schemaFault(METHOD_SPECS.getTaskStatus.result, { ...status, status: 'DONE' })).to.be.a('string')
  })
})

describe('rpc/schema', () => {
  it('finds what does not fit, and nothing else', () => {
    const schema = objectOf({ id: hexBytes(2, 2), 'name?': words(3), list: listOf({ type: 'integer' }, 2) })
    const good = { id: '0x00aB', list: [1, 2] }
    expect(schemaFault(schema, good)).to.equal(null)
    expect(schemaFault(schema, { ...good, name: 'abc' })).to.equal(null)
    for (const bad of [
      null,
      [],
      'x',
      { list: [] },
      { ...good, other: 1 },
      { ...good, id: '0x00' },
      { ...good, id: '0x00gg' },
      { ...good, id: 7 },
      { ...good, name: 'abcd' },
      { ...good, list: [1, 2, 3] },
      { ...good, list: [1.5] },
      { ...good, list: ['1'] }
    ]) {
      expect(schemaFault(schema, bad), JSON.stringify(bad)).to.be.a('string')
    }
    expect(schemaFault(orNull(words(3)), null)).to.equal(null)
    expect(schemaFault(orNull(words(3)), 7)).to.contain(', or ')
  })
})
