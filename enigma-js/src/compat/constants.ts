/** Status of a task on Ethereum. */
export const ETH_STATUS_UNDEFINED = 0
export const ETH_STATUS_CREATED = 1
export const ETH_STATUS_VERIFIED = 2
export const ETH_STATUS_FAILED = 3
export const ETH_STATUS_FAILED_ETH = 4
export const ETH_STATUS_FAILED_RETURN = 5

/** Status of a task in the network, as its JSON-RPC says it. */
export const ENG_STATUS_UNDEFINED = null
export const ENG_STATUS_UNVERIFIED = 'UNVERIFIED'
export const ENG_STATUS_INPROGRESS = 'INPROGRESS'
export const ENG_STATUS_SUCCESS = 'SUCCESS'
export const ENG_STATUS_FAILED = 'FAILED'
export const ENG_STATUS_ETHEREUMFAILURE = 'ETHEREUMFAILURE'

/** Names of events. */
export const CREATE_TASK = 'createTask'
export const CREATE_TASK_RECORD = 'createTaskRecord'
export const CREATE_TASK_RECORD_TRANSACTION_HASH = 'createTaskRecordTransactionHash'
export const CREATE_TASK_RECORD_RECEIPT = 'createTaskRecordReceipt'
export const CREATE_TASK_RECORD_CONFIRMATION = 'createTaskRecordConfirmation'
export const DEPLOY_SECRET_CONTRACT_RESULT = 'deploySecretContractResult'
export const SEND_TASK_INPUT_RESULT = 'sendTaskInputResult'
export const GET_TASK_RESULT_RESULT = 'getTaskResultResult'
export const GET_TASK_RESULT_UNVERIFIED = 'getTaskResultUnverified'
export const GET_TASK_RESULT_INPROGRESS = 'getTaskResultInProgress'
export const GET_TASK_RESULT_SUCCESS = 'getTaskResultSuccess'
export const GET_TASK_RESULT_FAILED = 'getTaskResultFailed'
export const GET_TASK_RESULT_ETHEREUMFAILURE = 'getTaskResultEthereumFailure'
export const POLL_TASK_STATUS_RESULT = 'pollTaskStatusResult'
export const RETURN_FEES_FOR_TASK_TRANSACTION_HASH = 'returnFeesForTaskTransactionHash'
export const RETURN_FEES_FOR_TASK_RECEIPT = 'returnFeesForTaskReceipt'
export const RETURN_FEES_FOR_TASK_CONFIRMATION = 'returnFeesForTaskConfirmation'
export const LOGIN_TRANSACTION_HASH = 'loginTransactionHash'
export const LOGIN_RECEIPT = 'loginReceipt'
export const LOGIN_CONFIRMATION = 'loginConfirmation'
export const LOGOUT_TRANSACTION_HASH = 'logoutTransactionHash'
export const LOGOUT_RECEIPT = 'logoutReceipt'
export const LOGOUT_CONFIRMATION = 'logoutConfirmation'
export const DEPOSIT_TRANSACTION_HASH = 'depositTransactionHash'
export const DEPOSIT_RECEIPT = 'depositReceipt'
export const DEPOSIT_CONFIRMATION = 'depositConfirmation'
export const WITHDRAW_TRANSACTION_HASH = 'withdrawTransactionHash'
export const WITHDRAW_RECEIPT = 'withdrawReceipt'
export const WITHDRAW_CONFIRMATION = 'withdrawConfirmation'
export const ERROR = 'error'
