"""The demo district: invented people and schools, loaded once into an empty installation."""
