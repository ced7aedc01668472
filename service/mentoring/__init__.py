"""Mentors and mentees (双导师帮扶): who grows with whom, in which role, for how long.

Owns the pairing and its states. Teachers and their employment belong to the staff below; what a
pair does together over the year is not here yet.
"""
