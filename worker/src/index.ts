export { WorkerError, type WorkerFailure } from './errors.ts'
export { CRASH_POINTS, type CrashPoint } from './ops/crash-points.ts'
export type { ChainReader } from './chain/reader.ts'
export type { TaskService } from './sync/task-service.ts'
