import { readImportGraph, type ImportGraph } from './import-graph.ts'
import { report } from './report.ts'

/**
 * Groups of files that import each other in a circle, each as `a -> b -> a`. Type imports count as well: a circle of
 * types is a file that should be split. Tarjan's strongly connected components, one report per component.
 */
export function importCycles(graph: ImportGraph): string[] {
  const order = new Map<string, number>()
  const low = new Map<string, number>()
  const onStack = new Set<string>()
  const stack: string[] = []
  const cycles: string[] = []

  const visit = (file: string): number => {
    const index = order.size
    order.set(file, index)
    let lowest = index
    stack.push(file)
    onStack.add(file)
    for (const next of targets(graph, file)) {
      if (!order.has(next)) lowest = Math.min(lowest, visit(next))
      else if (onStack.has(next)) lowest = Math.min(lowest, order.get(next) ?? lowest)
    }
    low.set(file, lowest)
    if (lowest === index) {
      const component = stack.splice(stack.indexOf(file))
      for (const member of component) onStack.delete(member)
      if (component.length > 1 || targets(graph, file).includes(file))
        cycles.push(shortestCircle(graph, file, component))
    }
    return lowest
  }

  for (const file of graph.keys()) if (!order.has(file)) visit(file)
  return cycles
}

function targets(graph: ImportGraph, file: string): string[] {
  return (graph.get(file) ?? []).flatMap(({ target }) => (target !== undefined && graph.has(target) ? [target] : []))
}

/** Breadth first from `start` back to itself inside its component, so that the report names as few files as possible. */
function shortestCircle(graph: ImportGraph, start: string, component: readonly string[]): string {
  const inside = new Set(component)
  const paths: string[][] = [[start]]
  const seen = new Set<string>()
  for (let path = paths.shift(); path !== undefined; path = paths.shift()) {
    for (const next of targets(graph, path.at(-1) ?? start)) {
      if (next === start) return [...path, start].join(' -> ')
      if (inside.has(next) && !seen.has(next)) {
        seen.add(next)
        paths.push([...path, next])
      }
    }
  }
  return component.join(' -> ')
}

if (import.meta.main) report('cycles', importCycles(readImportGraph()))
