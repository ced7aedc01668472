"""Routes of mentoring, a file per noun."""

from service.mentoring.routes import pairing

routers = pairing.routers
