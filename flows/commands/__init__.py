"""What each command of `entrega` does; imported only when it is called."""
