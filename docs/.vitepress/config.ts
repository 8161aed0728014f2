/** The documentation site: `npm run docs:site` builds docs/ into docs/.vitepress/dist. */
export default {
  title: 'Enigma',
  description: 'A network that computes on secrets and settles on Ethereum.',
  lang: 'en',
  cleanUrls: false,
  // Links into the sources lead out of the site.
  ignoreDeadLinks: [/\.\.\/(?!docs)/, /^https?:\/\/(127\.0\.0\.1|localhost)/],
  srcExclude: ['generated/**/README.md'],
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Tour', link: '/tour' },
      { text: 'Secret contracts', link: '/guide-secret-contracts' },
      { text: 'Operators', link: '/guide-operators' },
      { text: 'Reference', link: '/cli' }
    ],
    sidebar: [
      {
        text: 'Start',
        items: [
          { text: 'Tour', link: '/tour' },
          { text: 'Concepts', link: '/concepts' },
          { text: 'Architecture', link: '/architecture' },
          { text: 'Threat model', link: '/threat-model' }
        ]
      },
      {
        text: 'Developers',
        items: [
          { text: 'Secret contracts', link: '/guide-secret-contracts' },
          { text: 'Unit tests', link: '/guide-testing' },
          { text: 'Hardhat', link: '/guide-hardhat' },
          { text: 'Client library', link: '/spec/client' },
          { text: 'Client reference', link: '/generated/client/index' },
          { text: 'Commands', link: '/cli' },
          { text: 'Errors', link: '/errors' }
        ]
      },
      {
        text: 'Operators',
        items: [
          { text: 'Operating a node', link: '/guide-operators' },
          { text: 'Staking by hand', link: '/guide-staking' },
          { text: 'Containers', link: '/guide-containers' },
          { text: 'Settings and states', link: '/spec/worker' },
          { text: 'Metrics and management', link: '/spec/operations' }
        ]
      },
      {
        text: 'Specifications',
        collapsed: true,
        items: [
          { text: 'Protocol rules', link: '/spec/protocol' },
          { text: 'Encodings', link: '/spec/encodings' },
          { text: 'JSON-RPC', link: '/spec/json-rpc' },
          { text: 'Queries', link: '/spec/queries' },
          { text: 'Callbacks', link: '/spec/callbacks' },
          { text: 'Secret contracts', link: '/spec/secret-contracts' },
          { text: 'Chain views', link: '/spec/chain-view' },
          { text: 'Enclave boundary', link: '/spec/enclave-boundary' },
          { text: 'Peer protocols', link: '/spec/peer-protocols' },
          { text: 'Task machine', link: '/spec/task-machine' },
          { text: 'Storage', link: '/spec/storage' },
          { text: 'Multi-party computation', link: '/spec/mpc' }
        ]
      },
      {
        text: 'Quality',
        collapsed: true,
        items: [
          { text: 'Measurements', link: '/measurements' },
          { text: 'A run in containers', link: '/containers-run' },
          { text: 'Fault matrix', link: '/fault-matrix' }
        ]
      }
    ]
  }
}
