import { toHex, fromHex } from '../bytes.ts'
import { address, hash, key32, scAddr, taskId } from '../ids.ts'
import type { Attested } from '../chain-view.ts'
import type { Receipt } from '../eip712.ts'
import type { AttestedJson, ReceiptJson, ReportJson } from './methods.ts'
import type { Report } from '../digests.ts'

/** Between our types and their JSON form. Reading checks every field. */

export const reportToJson = (r: Report): ReportJson => ({ ...r, chainId: r.chainId.toString() })

export const reportFromJson = (r: ReportJson): Report => ({
  signer: address(r.signer),
  transportKey: key32(r.transportKey),
  operator: address(r.operator),
  chainId: BigInt(r.chainId),
  enigma: address(r.enigma),
  principalSigner: address(r.principalSigner),
  nonce: Number(r.nonce)
})

export const attestedToJson = (a: Attested): AttestedJson => ({
  report: reportToJson(a.report),
  evidence: toHex(a.evidence)
})
export const attestedFromJson = (a: AttestedJson): Attested => ({
  report: reportFromJson(a.report),
  evidence: fromHex(a.evidence)
})

export const receiptToJson = (r: Receipt): ReceiptJson => ({
  ...r,
  gasLimit: r.gasLimit.toString(),
  gasUsed: r.gasUsed.toString()
})

export const receiptFromJson = (r: ReceiptJson): Receipt => ({
  taskId: taskId(r.taskId),
  scAddr: scAddr(r.scAddr),
  kind: Number(r.kind),
  ok: r.ok === true,
  reason: Number(r.reason),
  codeHash: hash(r.codeHash),
  inputHash: hash(r.inputHash),
  gasLimit: BigInt(r.gasLimit),
  epoch: Number(r.epoch),
  recordBlock: Number(r.recordBlock),
  recordTime: Number(r.recordTime),
  prevHead: hash(r.prevHead),
  deltaHash: hash(r.deltaHash),
  outputHash: hash(r.outputHash),
  gasUsed: BigInt(r.gasUsed),
  callbackTarget: address(r.callbackTarget),
  callbackDataHash: hash(r.callbackDataHash),
  callbackGas: Number(r.callbackGas)
})
