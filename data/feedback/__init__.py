"""What happened after sending: delivery events and suppressions."""
