import { expect } from 'chai'
import { AbiError, ClientError, TaskFailedError, WorkerRefusal } from 'enigma-js'
import { EnigmaError, ProtocolError, type Hints } from '@enigma/protocol'
import { CompileError } from '@enigma/secret-contracts'
import { DevnetError } from '@enigma/devnet'
import { CliError } from '../src/errors.ts'
import { errorCatalogue } from '../docs/error-catalogue.ts'

type ErrorClass = { new (failure: never, message: string): EnigmaError; readonly hints: Hints; readonly name: string }

/** Every class of errors that somebody who uses the client or the command line can meet, by the package of its codes. */
const classes: readonly (readonly [string, readonly ErrorClass[]])[] = [
  ['enigma-js', [ClientError, TaskFailedError]],
  ['protocol', [ProtocolError, AbiError]],
  ['cli', [CliError]],
  ['devnet', [DevnetError]],
  ['secret-contracts', [CompileError]]
]

describe('hints', () => {
  for (const [home, found] of classes) {
    it(`stands with every error of ${home}, also where its thrower says nothing`, () => {
      const codes = errorCatalogue().filter(entry => entry.package === home)
      expect(codes.length).to.be.above(2)
      for (const { code, hint } of codes) {
        const own = found.find(({ hints }) => Object.hasOwn(hints, code))
        if (own === undefined) throw new Error(`no class has a hint for ${code}`)
        const error = new own({ code } as never, 'A sentence.')
        expect([error.code, error.hint]).to.deep.equal([code, hint])
        expect(error.hint).to.match(/^[^ ].{10,}[.)]$/, code)
      }
    })
  }

  it('gives way to what the thrower knows', () => {
    const error = new ClientError({ code: 'NO_EPOCH' }, 'A sentence.', { hint: 'Do this.' })
    expect(error.hint).to.equal('Do this.')
  })

  it('is there for a refusal of a worker that gives none', () => {
    expect(new WorkerRefusal('ANY_CODE', 'http://x', 'getInfo', 'A sentence.').hint).to.include('another worker')
    expect(new EnigmaError({ code: 'ANY_CODE' }, 'A sentence.').hint).to.include('docs/errors.md')
  })
})
