import { EnigmaError } from '@enigma/protocol'

/** The coded error that a promise ends in. @throws if it does not. */
export async function refused(work: Promise<unknown>): Promise<EnigmaError> {
  try {
    await work
  } catch (error) {
    if (error instanceof EnigmaError) return error
    throw error
  }
  throw new Error('It was not refused.')
}

export const codeOfRefusal = async (work: Promise<unknown>): Promise<string> => (await refused(work)).code
