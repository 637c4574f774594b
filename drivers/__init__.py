"""Meters: what a reading is, who can read which meter, and virtual meters that speak the real protocols.

`drivers.api` is all that a third-party driver imports; `drivers.registry` is all that the appliance asks for a driver.
"""
