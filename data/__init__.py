"""The outside world as tables: files in, warehouse, reference data, lists out, events back."""
