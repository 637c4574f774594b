"""The cost model, call by call against the VM's simulator, and by hand where the simulator has no such table."""
