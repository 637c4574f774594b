"""9: ways out. One link so far: a node's HTTP API."""
