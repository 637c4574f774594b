"""Tests of `./mita audit`: a real settlement on the real local chain, seen straight and through a lying proxy."""
