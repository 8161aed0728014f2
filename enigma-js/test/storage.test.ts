import { expect } from 'chai'
import { memoryStorage, webStorage, type ClientStorage } from '../src/index.ts'
import type { WebStorage } from '../src/storage/storage.ts'
import { TaskStore, type StoredTask } from '../src/task/store.ts'

/** What browsers give a page. */
function fakeWebStorage(): WebStorage {
  const values = new Map<string, string>()
  return {
    get length() {
      return values.size
    },
    getItem: key => values.get(key) ?? null,
    setItem: (key, value) => void values.set(key, value),
    removeItem: key => void values.delete(key),
    key: index => [...values.keys()][index] ?? null
  }
}

const id = (n: number): string => `0x${n.toString(16).padStart(64, '0')}`
const task = (n: number): StoredTask =>
  ({ inputHash: id(n), taskId: id(1000 + n), cek: id(7), envelope: '0x01', createdAtMs: n }) as unknown as StoredTask

const kinds: [string, () => ClientStorage][] = [
  ['memory', memoryStorage],
  ["a page's storage", () => webStorage(fakeWebStorage())]
]
for (const [name, make] of kinds) {
  describe(`enigma-js/storage: ${name}`, () => {
    it('finds tasks by input and by id, oldest first, of its own network only', async () => {
      const storage = make()
      const store = new TaskStore(storage, 'enigma/1/a/')
      await store.save(task(2))
      await store.save(task(1))
      await new TaskStore(storage, 'enigma/1/b/').save(task(3))

      expect((await store.all()).map(({ createdAtMs }) => createdAtMs)).to.deep.equal([1, 2])
      expect((await store.byTaskId(id(1002) as never))?.inputHash).to.equal(id(2))
      await store.forget(task(2))
      expect(await store.byTaskId(id(1002) as never)).to.equal(null)
    })

    it('keeps the latest hundred tasks', async () => {
      const storage = make()
      const store = new TaskStore(storage, 'p/')
      for (let n = 0; n < 103; n++) await store.save(task(n))

      const left = await store.all()
      expect([left.length, left[0]!.createdAtMs]).to.deep.equal([100, 3])
      expect(await storage.list('p/id/')).to.have.length(100)
    })
  })
}
