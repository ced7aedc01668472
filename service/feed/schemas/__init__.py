"""What comes in and what goes out, a file per noun."""
