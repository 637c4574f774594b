"""Tests of `./mita bench`: which figures there are and how they are told; never how fast this machine is."""
