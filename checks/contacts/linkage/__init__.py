"""Which records of any table are one person or company, without labels or training data."""
