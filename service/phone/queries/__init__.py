"""Reading what is the caller's own. No directory right is asked for, and none is needed."""
