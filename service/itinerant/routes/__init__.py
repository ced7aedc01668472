"""Routes of itinerant teaching, a file per noun."""

from service.itinerant.routes import assignments, coverage, shortages, versions

routers = [assignments.router, *shortages.routers, versions.router, coverage.router]
