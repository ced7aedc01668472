"""Teachers who keep their home post and teach some lessons a week at another campus.

Owns the assignment and its states. Lessons and time belong to the timetable below: an assignment
is published by laying its weekly slots there, and by nothing else.
"""
