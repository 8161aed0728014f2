// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title ENG, the token in which workers stake and users pay
/// @notice A fixed supply of 150,000,000 ENG, minted once to the deployer. Nobody can mint, burn for others, or pause.
/// Payments in one transaction use EIP-2612 permits.
contract EnigmaToken is ERC20Permit {
    /// @notice 150,000,000 ENG in grains (1 ENG = 10^8 grains).
    uint256 public constant SUPPLY = 150_000_000 * 10 ** 8;

    constructor() ERC20("Enigma", "ENG") ERC20Permit("Enigma") {
        _mint(msg.sender, SUPPLY);
    }

    /// @notice 8 decimals: 1 ENG = 10^8 grains.
    function decimals() public pure override returns (uint8) {
        return 8;
    }
}
