import { expect } from 'chai'
import { abiBytes } from '../support/decode.ts'
import { SC_ADDR, Scene, calculator } from '../support/scene.ts'
import { Tide } from '../support/tide.ts'

describe('enigma-js/task, for somebody far away', () => {
  let scene: Scene
  beforeEach(async () => void (scene = await Scene.open()))
  afterEach(() => scene.close())

  it('waits for few round trips in a row', async () => {
    const tide = new Tide()
    const client = await scene.connect({ provider: tide.provider(scene.chain) } as never)
    const sub = () => client.compute(SC_ADDR, calculator, 'sub', [76n, 17n])
    await sub() // what is asked once in a session
    scene.chain.permitNonce = 1n
    scene.server.handlers = tide.handlers(scene.server.handlers)

    const before = tide.count
    const task = await sub()
    const submitted = tide.count
    scene.settle(task.taskId, { output: abiBytes(['uint256'], [59n]) })
    scene.server.handlers = tide.handlers(scene.server.handlers)
    expect(await task.result()).to.equal(59n)

    // With one question after the other they were 19 and 7.
    expect(submitted - before, 'until it is recorded').to.be.at.most(12)
    expect(tide.count - submitted, 'until the result').to.be.at.most(4)
  })
})
