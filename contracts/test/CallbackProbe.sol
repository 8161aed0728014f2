// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ICallbackGateway} from "../interfaces/ICallbackGateway.sol";
import {IEnigma} from "../interfaces/IEnigma.sol";
import {TaskStatus} from "../types/Tasks.sol";

/// @title For tests only: the target of callbacks, friendly and hostile
contract CallbackProbe {
    error Refused();

    ICallbackGateway private immutable _gateway;
    IEnigma private immutable _enigma;

    /// @notice What the latest callback saw.
    uint256 public calls;
    address public sender;
    bytes32 public secretContract;
    uint256 public gas;
    /// @notice Attempts to re-enter, and those that got through.
    uint256 public attempts;
    uint256 public successes;
    bytes4 public lastRefusal;
    /// @notice What Enigma said of a task in the middle of its callback.
    uint8 public status;
    bytes32 public head;
    uint256 public escrow;
    uint256 public credit;

    constructor(ICallbackGateway gateway_) {
        _gateway = gateway_;
        _enigma = IEnigma(gateway_.enigma());
    }

    function note() external {
        gas = gasleft();
        ++calls;
        sender = msg.sender;
        secretContract = _gateway.secretContract();
    }

    /// @notice Tries each of `inputs` on `target`, and keeps what came of it.
    function attempt(address target, bytes[] calldata inputs) external {
        for (uint256 i = 0; i < inputs.length; ++i) {
            ++attempts;
            // solhint-disable-next-line avoid-low-level-calls
            (bool ok, bytes memory answer) = target.call(inputs[i]);
            if (ok) ++successes;
            else lastRefusal = bytes4(answer);
        }
    }

    /// @notice Sends a call to Enigma itself, and looks at the gateway afterwards, in the same transaction.
    function relay(bytes calldata input) external {
        // solhint-disable-next-line avoid-low-level-calls
        (bool ok, ) = address(_enigma).call(input);
        if (!ok) revert Refused();
        secretContract = _gateway.secretContract();
    }

    function observe(bytes32 taskId, bytes32 scAddr) external {
        (, , , , TaskStatus seen) = _enigma.taskStatus(taskId);
        status = uint8(seen);
        (, head, ) = _enigma.secretContract(scAddr);
        escrow = _enigma.totalEscrow();
        credit = _enigma.totalCredit();
    }

    function refuse() external pure {
        revert Refused();
    }

    /// @notice Uses up whatever gas it is given.
    function burn() external pure {
        assembly {
            invalid()
        }
    }

    /// @notice Answers with `size` bytes, as a result or as a reason.
    function bomb(uint256 size, bool reverting) external pure {
        assembly {
            if reverting {
                revert(0, size)
            }
            return(0, size)
        }
    }

    /// @notice Needs about `amount` gas, and notes that it had it.
    function spend(uint256 amount) external {
        uint256 until = gasleft() - amount;
        while (gasleft() > until) {}
        ++calls;
    }

    receive() external payable {}
}
