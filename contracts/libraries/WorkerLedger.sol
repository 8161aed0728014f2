// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IEnigma} from "../interfaces/IEnigma.sol";
import {Worker, WorkerStatus} from "../types/Workers.sol";
import {Attestation} from "../interfaces/IAttestationVerifier.sol";
import {StakeTree} from "./StakeTree.sol";

/// @title Accounts and states of the workers
/// @notice Only bookkeeping: no function here moves tokens. The stake tree always holds exactly the stakes of the workers logged in.
/// @dev Deployed apart and linked, to keep Enigma below the size limit of a contract.
library WorkerLedger {
    using StakeTree for StakeTree.Tree;

    /// @dev An enclave key, for ever bound to its first operator.
    struct Signer {
        address operator;
        bool banned;
    }

    struct Ledger {
        mapping(address operator => Worker) workers;
        mapping(address signer => Signer) signers;
        StakeTree.Tree tree;
        uint128 totalStake;
        uint128 totalCredit;
        /// Fines that nobody gets.
        uint128 totalForfeit;
    }

    /// @notice Binds the operator to an attested enclave. The evidence has been checked by the caller.
    function register(
        Ledger storage ledger,
        address operator,
        address staking,
        address signer,
        bytes32 transportKey,
        Attestation memory attestation
    ) external returns (uint32 nonce) {
        Worker storage w = ledger.workers[operator];
        if (w.status == WorkerStatus.LoggedIn) revert IEnigma.EnigmaWrongWorkerStatus(operator, w.status);
        requireNotBanned(ledger, signer);
        address owner = ledger.signers[signer].operator;
        if (owner != address(0) && owner != operator) revert IEnigma.EnigmaSignerTaken(signer);
        // A stolen operating key must not move the money to another staking address.
        if (w.staking != staking && (w.stake != 0 || w.credit != 0)) {
            revert IEnigma.EnigmaWorkerNotEmpty(operator, w.stake, w.credit);
        }
        nonce = w.nonce;
        w.nonce = nonce + 1;
        w.staking = staking;
        w.status = WorkerStatus.LoggedOut;
        w.signer = signer;
        w.transportKey = transportKey;
        w.measurement = attestation.measurement;
        w.attestationExpiry = attestation.expiry;
        ledger.signers[signer].operator = operator;
    }

    /// @notice The operator joins the draw.
    function login(Ledger storage ledger, address operator, uint128 minStake) external {
        Worker storage w = requireStatus(ledger, operator, WorkerStatus.LoggedOut);
        requireNotBanned(ledger, w.signer);
        if (w.stake < minStake) revert IEnigma.EnigmaStakeTooLow(w.stake, minStake);
        if (w.leafPlusOne == 0) w.leafPlusOne = ledger.tree.take() + 1;
        w.status = WorkerStatus.LoggedIn;
        _updateLeaf(ledger, operator, w, w.stake);
        emit IEnigma.LoggedIn(operator, w.signer, w.stake);
    }

    /// @notice The operator leaves the draw.
    function logout(Ledger storage ledger, address operator, address by, uint64 unbonding) external {
        Worker storage w = requireStatus(ledger, operator, WorkerStatus.LoggedIn);
        _logout(ledger, operator, w, by, unbonding);
    }

    function _logout(Ledger storage ledger, address operator, Worker storage w, address by, uint64 unbonding) private {
        w.status = WorkerStatus.LoggedOut;
        w.logoutBlock = uint40(block.number);
        _updateLeaf(ledger, operator, w, 0);
        emit IEnigma.LoggedOut(operator, by, block.number + unbonding);
    }

    /// @notice Takes a fine from the stake, locked or not. Whoever is banned, or left with less than the minimum, is logged out.
    function slash(
        Ledger storage ledger,
        address operator,
        uint128 amount,
        uint128 minStake,
        uint64 unbonding
    ) internal returns (uint128 stake) {
        Worker storage w = ledger.workers[operator];
        stake = w.stake - amount;
        w.stake = stake;
        ledger.totalStake -= amount;
        if (w.status != WorkerStatus.LoggedIn) return stake;
        if (stake < minStake || ledger.signers[w.signer].banned) _logout(ledger, operator, w, msg.sender, unbonding);
        else _updateLeaf(ledger, operator, w, stake);
    }

    /// @notice Passes unless the enclave key signed two answers to one question.
    function requireNotBanned(Ledger storage ledger, address signer) internal view {
        if (ledger.signers[signer].banned) revert IEnigma.EnigmaSignerBanned(signer);
    }

    /// @notice Adds to the stake, and to the worker's weight if it is logged in.
    function addStake(Ledger storage ledger, address operator, uint128 amount) external returns (uint128 stake) {
        Worker storage w = ledger.workers[operator];
        if (w.status == WorkerStatus.Unregistered) revert IEnigma.EnigmaWrongWorkerStatus(operator, w.status);
        stake = w.stake + amount;
        w.stake = stake;
        ledger.totalStake += amount;
        if (w.status == WorkerStatus.LoggedIn) _updateLeaf(ledger, operator, w, stake);
    }

    /// @notice Takes from the stake of a worker that has been logged out for more than `unbonding` blocks.
    function removeStake(
        Ledger storage ledger,
        address operator,
        uint256 amount,
        uint64 unbonding
    ) external returns (uint128 left) {
        Worker storage w = requireStatus(ledger, operator, WorkerStatus.LoggedOut);
        uint256 locked = w.logoutBlock == 0 ? 0 : uint256(w.logoutBlock) + unbonding;
        if (locked != 0 && block.number <= locked) revert IEnigma.EnigmaUnbonding(locked);
        if (amount > w.stake) revert IEnigma.EnigmaAmountTooHigh(amount, w.stake);
        left = w.stake - uint128(amount);
        w.stake = left;
        ledger.totalStake -= uint128(amount);
    }

    /// @notice Ends the registration of an empty account. Its leaf, without weight since the logout, may be given to another worker.
    function unregister(Ledger storage ledger, address operator) external {
        Worker storage w = requireStatus(ledger, operator, WorkerStatus.LoggedOut);
        if (w.stake != 0 || w.credit != 0) revert IEnigma.EnigmaWorkerNotEmpty(operator, w.stake, w.credit);
        w.status = WorkerStatus.Unregistered;
        if (w.leafPlusOne != 0) {
            ledger.tree.release(w.leafPlusOne - 1);
            w.leafPlusOne = 0;
        }
        emit IEnigma.Unregistered(operator);
    }

    /// @notice Books an earned fee. Works in every status: a seat of a running epoch outlives a logout.
    function addCredit(Ledger storage ledger, address operator, uint128 amount) internal {
        ledger.workers[operator].credit += amount;
        ledger.totalCredit += amount;
    }

    /// @notice Empties the credit.
    function takeCredit(Ledger storage ledger, address operator) internal returns (uint128 amount) {
        Worker storage w = ledger.workers[operator];
        amount = w.credit;
        if (amount == 0) revert IEnigma.EnigmaZeroValue("credit");
        w.credit = 0;
        ledger.totalCredit -= amount;
    }

    /// @notice Passes if `sender` owns the worker's money.
    function requireStaking(Ledger storage ledger, address operator, address sender) internal view {
        address staking = ledger.workers[operator].staking;
        if (sender != staking) revert IEnigma.EnigmaNotStakingAddress(sender, staking);
    }

    function requireStatus(
        Ledger storage ledger,
        address operator,
        WorkerStatus status
    ) internal view returns (Worker storage w) {
        w = ledger.workers[operator];
        if (w.status != status) revert IEnigma.EnigmaWrongWorkerStatus(operator, w.status);
    }

    function _updateLeaf(Ledger storage ledger, address operator, Worker storage w, uint128 stake) private {
        uint32 index = w.leafPlusOne - 1;
        address signer = w.signer;
        ledger.tree.set(index, StakeTree.leaf(index, operator, signer, stake), stake);
        emit IEnigma.StakeLeafUpdated(index, operator, signer, stake);
    }
}
