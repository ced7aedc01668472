"""Who teaches: teachers, the schools that employ them over time, and what they may teach.

Knows neither timetables nor mentors. What depends on a teacher's staying is told of it by
``departures``, in the transaction of the change.
"""
