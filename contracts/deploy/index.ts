export { artifactsIn, link, type Artifact, type LinkReferences, type LoadArtifact } from './artifacts.ts'
export { deployContract, deployEnigma, deployEnigmaWith, ENG, type Deployed, type DeployParams } from './deploy.ts'
