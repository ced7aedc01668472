"""Who is where, when: classes, rooms, ways, weekly slots, dated lessons, and time that is taken.

Owns the one table in which everything that takes the time of a teacher, a class or a room is a
row. Knows nothing of why a lesson is taught: home timetables and programmes above lay their slots
through the same path.
"""
