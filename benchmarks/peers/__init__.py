"""The same answers written the way tutorials do, to be measured against."""
