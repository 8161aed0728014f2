// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {CallbackGateway} from "./CallbackGateway.sol";
import {IAttestationVerifier} from "./interfaces/IAttestationVerifier.sol";
import {ICallbackGateway} from "./interfaces/ICallbackGateway.sol";
import {IEnigma} from "./interfaces/IEnigma.sol";
import {EpochClock} from "./libraries/EpochClock.sol";
import {Seats} from "./libraries/Seats.sol";
import {TaskLedger} from "./libraries/TaskLedger.sol";
import {WorkerLedger} from "./libraries/WorkerLedger.sol";
import {EnigmaParams} from "./types/Params.sol";
import {Principal} from "./types/Workers.sol";

/// @title What Enigma knows
/// @notice Its parameters, fixed at deployment, the ledgers, and the periods that follow from them.
abstract contract EnigmaState is IEnigma, Ownable2Step, EIP712, ReentrancyGuardTransient {
    /// @notice Seats of a task (G).
    uint8 public constant SEATS = Seats.COUNT;
    /// @notice Upper bound of a task's gas.
    uint64 public constant MAX_GAS = TaskLedger.MAX_GAS;

    IERC20 public immutable token;
    IAttestationVerifier public immutable verifier;
    /// @notice Where callbacks come from.
    ICallbackGateway public immutable gateway;
    bytes32 public immutable attestationMode;
    uint128 public immutable minStake;
    uint64 public immutable epochSize;
    uint64 public immutable window;
    uint64 public immutable proofPeriod;
    uint16 public immutable minSvn;

    mapping(bytes32 measurement => bool) public measurementAllowed;
    Principal internal _principal;
    WorkerLedger.Ledger internal _workers;
    EpochClock.Clock internal _clock;
    TaskLedger.Ledger internal _tasks;

    constructor(EnigmaParams memory p) Ownable(p.owner) EIP712("Enigma", "1") {
        if (address(p.token).code.length == 0) revert EnigmaZeroValue("token");
        if (address(p.verifier).code.length == 0) revert EnigmaZeroValue("verifier");
        if (p.minStake == 0) revert EnigmaZeroValue("minStake");
        if (p.epochSize < 2 || p.epochSize > 200) revert EnigmaInvalidParameter("epochSize", p.epochSize);
        if (p.window == 0 || p.window > 100) revert EnigmaInvalidParameter("window", p.window);
        if (p.proofPeriod > 100_000) revert EnigmaInvalidParameter("proofPeriod", p.proofPeriod);
        token = p.token;
        verifier = p.verifier;
        gateway = new CallbackGateway();
        minStake = p.minStake;
        epochSize = p.epochSize;
        window = p.window;
        proofPeriod = p.proofPeriod;
        minSvn = p.minSvn;
        bytes32 mode = p.verifier.mode();
        if (mode == 0) revert EnigmaZeroValue("mode");
        attestationMode = mode;
        emit AttestationModeFixed(mode, address(p.verifier));
        for (uint256 i = 0; i < p.measurements.length; ++i) _allowMeasurement(p.measurements[i]);
    }

    /// @inheritdoc IEnigma
    function grace() public view returns (uint64) {
        return epochSize / 2;
    }

    /// @inheritdoc IEnigma
    function taskPeriod() public view returns (uint64) {
        return SEATS * window;
    }

    /// @inheritdoc IEnigma
    function unbondingPeriod() public view returns (uint64) {
        return 2 * epochSize + grace() + taskPeriod() + proofPeriod;
    }

    function _allowMeasurement(bytes32 measurement) internal {
        if (measurement == 0) revert EnigmaZeroValue("measurement");
        measurementAllowed[measurement] = true;
        emit MeasurementAllowed(measurement);
    }
}
