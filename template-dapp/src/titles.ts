const TITLES: Readonly<Record<string, string>> = {
  addMillionaire: 'Add a fortune',
  computeRichest: 'Who is the richest?'
}

/** What a task is called on this page; null stands for a deployment. */
export const titleOf = (functionName: string | null): string =>
  functionName === null ? 'Deploy the contract' : (TITLES[functionName] ?? functionName)
