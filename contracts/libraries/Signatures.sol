// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IEnigma} from "../interfaces/IEnigma.sol";

/// @title Strict recovery of a signer: 65 bytes, low s, never address 0
library Signatures {
    function recover(bytes32 digest, bytes calldata signature) internal pure returns (address signer) {
        ECDSA.RecoverError failure;
        (signer, failure, ) = ECDSA.tryRecoverCalldata(digest, signature);
        if (failure != ECDSA.RecoverError.NoError) revert IEnigma.EnigmaInvalidSignature();
    }
}
