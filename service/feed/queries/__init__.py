"""What is read, a file per noun."""
