"""Reading workload, each within the caller's reach, a file per noun."""
