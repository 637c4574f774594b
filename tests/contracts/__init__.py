"""The contracts on the real Clarity VM (contracts/tests/vm.mjs), driven through the appliance's own codec."""
