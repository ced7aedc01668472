"""What comes in and what goes out about workload, a file per noun."""
