"""Order, state and command line: the flows that call the rooms."""
