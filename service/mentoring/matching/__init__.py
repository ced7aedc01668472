"""The optimum: who mentors whom in a whole cohort. It knows no database and runs in a child."""
