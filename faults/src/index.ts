export { startFaultProxy, type FaultProxy, type FaultProxyInit } from './proxy/fault-proxy.ts'
export type { Direction, Toxics } from './proxy/toxics.ts'
export { randomOf, type Random } from './random.ts'
export { droppingLogs, flapping, otherChain, wrongBlocks } from './rpc-front/plans.ts'
export {
  honest,
  startRpcFront,
  type FrontCall,
  type FrontFault,
  type FrontPlan,
  type RpcFront
} from './rpc-front/rpc-front.ts'
export { ownNamespace, startNamespaceNet, type NamespaceNet } from './netns/namespace-net.ts'
export type { LinkFaults } from './netns/rules.ts'
