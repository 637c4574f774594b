"""What contracts see of the chain around them, asked of another machine so that a model can be set to the same."""

from __future__ import annotations

from typing import Final

NAME: Final = "surroundings"
SOURCE: Final = """(define-read-only (heights) {
  burn-block-height: burn-block-height, tenure-height: tenure-height,
  stacks-block-height: stacks-block-height, stacks-block-time: stacks-block-time
})
(define-read-only (header (height uint)) (get-burn-block-info? header-hash height))
"""
"""A contract for that machine: its `heights` are Chain.heights, its `header` is Chain.burn_header."""
