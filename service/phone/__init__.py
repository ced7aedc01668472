"""What a teacher's phone asks: who am I, where am I today, what is my week, whom do I mentor.

Owns only the addresses of calendar feeds. Whoever signed in reads what is theirs; no directory
right is needed, and none is given. Answers are remembered per process and checked against the
change feed each time, so a phone never sees what was true before a committed change.
"""
