"""Routes of itinerant teaching, a file per noun."""

from service.itinerant.routes import assignments, shortages

routers = [assignments.router, *shortages.routers]
