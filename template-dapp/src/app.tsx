import { useCallback, useEffect, useRef, useState } from 'react'
import { AccountCard } from './components/account-card.tsx'
import { ContractCard } from './components/contract-card.tsx'
import { EntryCard } from './components/entry-card.tsx'
import { Header } from './components/header.tsx'
import { HistoryCard } from './components/history-card.tsx'
import { NetworkCard } from './components/network-card.tsx'
import { ProblemNote } from './components/problem-note.tsx'
import { StepLine } from './components/step-line.tsx'
import { TaskCard } from './components/task-card.tsx'
import { useContract, useEnigma, useHistory, useNetwork, useRenewal, useTask } from './hooks/index.ts'
import { Millionaires } from './contracts/millionaires.ts'
import { titleOf } from './titles.ts'

const fetchBytecode = async (): Promise<Uint8Array> => {
  const response = await fetch('/contracts/millionaires.wasm')
  if (!response.ok) throw new Error('The compiled contract was not found beside the page.')
  return new Uint8Array(await response.arrayBuffer())
}

/** Names of the contract's functions, for traces; without them a trace shows numbers. */
function useFunctionNames(): readonly string[] | undefined {
  const [names, setNames] = useState<readonly string[]>()
  useEffect(() => {
    fetch('/contracts/millionaires.functions.json')
      .then(response => (response.ok ? (response.json() as Promise<string[]>) : undefined))
      .then(setNames, () => undefined)
  }, [])
  return names
}

/** The millionaires' problem: everybody adds a secret fortune; the network says who is richest, and nothing else. */
export function App() {
  const enigma = useEnigma()
  const { client, payer, account } = enigma
  const task = useTask(client, useFunctionNames())
  const history = useHistory(client)
  const { scAddr, problem, attach, forget } = useContract(client, Millionaires, 'template-dapp/millionaires')
  const network = useNetwork(client, scAddr, account?.address ?? null)
  const isAway = network.problem?.code === 'CHAIN_UNREACHABLE'
  useRenewal(client, isAway)
  const { follow, state } = task

  // A page that was closed or reloaded goes on with its last task.
  const resumed = useRef(false)
  useEffect(() => {
    const [latest] = history.tasks
    if (resumed.current || latest === undefined || state !== 'idle') return
    resumed.current = true
    if (latest.functionName === null && scAddr === null) attach(latest.scAddr)
    void follow(latest, titleOf(latest.functionName))
  }, [history.tasks, state, follow, scAddr, attach])

  const deploy = useCallback(async () => {
    if (payer === null) return
    resumed.current = true
    const bytecode = await fetchBytecode()
    const label = { title: titleOf(null), plain: 'the contract’s code, which is public' }
    const address = await task.send(label, options => Millionaires.deploy(payer, bytecode, options))
    if (typeof address === 'string') attach(address)
    await history.refresh()
  }, [payer, task, attach, history])

  const add = async (who: string, netWorth: bigint, trace: boolean): Promise<void> => {
    if (payer === null || scAddr === null) return
    resumed.current = true
    const contract = Millionaires.at(payer, scAddr)
    const label = { title: titleOf('addMillionaire'), plain: `addMillionaire(${who}, ${netWorth})` }
    await task.send(label, options => contract.send.addMillionaire(who, netWorth, { ...options, trace }))
    await history.refresh()
  }

  const ask = async (trace: boolean): Promise<void> => {
    if (payer === null || scAddr === null) return
    resumed.current = true
    const contract = Millionaires.at(payer, scAddr)
    const label = { title: titleOf('computeRichest'), plain: 'computeRichest()' }
    await task.send(label, options => contract.send.computeRichest({ ...options, trace }))
    await history.refresh()
  }

  const isBusy = state === 'running'
  return (
    <>
      <a className="skip" href="#main">
        Skip to the page
      </a>
      <Header status={enigma.status === 'ready' && isAway ? 'away' : enigma.status} />
      <main id="main">
        <p className="notice">
          <strong>Simulation.</strong> The enclaves of this test network are ordinary processes. They protect nothing
          against whoever runs the machine.
        </p>
        {enigma.status !== 'ready' && <ProblemNote problem={enigma.problem} />}
        <div className="columns">
          <div className="column">
            <AccountCard enigma={enigma} balance={network.balance} />
            <ContractCard
              scAddr={scAddr}
              canDeploy={payer !== null && !isBusy}
              problem={problem}
              onDeploy={deploy}
              onAttach={attach}
              onForget={forget}
            />
            <EntryCard
              account={account}
              known={enigma.testAccounts}
              isEnabled={payer !== null && scAddr !== null && problem === null && !isBusy}
              richest={richestIn(task)}
              onAdd={add}
              onAsk={ask}
            />
            <HistoryCard history={history} shown={task.task?.taskId ?? null} onShow={follow} />
          </div>
          <div className="column">
            <TaskCard task={task} />
          </div>
        </div>
        <NetworkCard state={network} hasContract={scAddr !== null} />
      </main>
      <StepLine task={task} />
      <footer>
        <p>
          A template: copy <code>src/hooks/</code> into your own page, and write the rest as you like.
        </p>
      </footer>
    </>
  )
}

/** The last answer to the question, if it is what the live view shows. */
function richestIn({ state, title, result }: ReturnType<typeof useTask>): string | null {
  return state === 'done' && title === titleOf('computeRichest') && typeof result === 'string' ? result : null
}
