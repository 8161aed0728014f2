import { expect } from 'chai'
import { importCycles } from '../../checks/cycles.ts'
import type { ImportGraph } from '../../checks/import-graph.ts'

function graphOf(edges: Record<string, string[]>): ImportGraph {
  return new Map(
    Object.entries(edges).map(([file, targets]) => [
      file,
      targets.map(target => ({ specifier: `./${target}`, target }))
    ])
  )
}

describe('checks/cycles', () => {
  it('finds nothing where imports only go down', () => {
    expect(importCycles(graphOf({ a: ['b', 'c'], b: ['c'], c: [] }))).to.deep.equal([])
  })

  it('names the files of a circle once', () => {
    expect(importCycles(graphOf({ a: ['b'], b: ['c'], c: ['a'], d: ['a'] }))).to.deep.equal(['a -> b -> c -> a'])
  })

  it('finds a file that imports itself', () => {
    expect(importCycles(graphOf({ a: ['a'] }))).to.deep.equal(['a -> a'])
  })

  it('finds each of two separate circles', () => {
    expect(importCycles(graphOf({ a: ['b'], b: ['a', 'c'], c: ['d'], d: ['c'] }))).to.have.length(2)
  })
})
