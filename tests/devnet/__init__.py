"""Tests of the local chain (contracts/devnet): a real process, real signed bytes, the real Clarity VM."""
