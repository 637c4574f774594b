"""Modbus meters, each described by a file of drivers/models. Over TCP so far; transports are entries of settings.LINKS.

settings.py -> bus.py (the wire and its dangers) -> meter.py (registers -> Reading), with model.py for the meter's map.
"""

from drivers.modbus.driver import ModbusDriver

DRIVER = ModbusDriver()
"""What the entry point names."""
