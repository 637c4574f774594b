"""Tests mirror the packages; see README.md."""
