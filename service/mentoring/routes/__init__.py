"""Routes of mentoring, a file per noun."""

from service.mentoring.routes import pairing, programme

routers = [*pairing.routers, programme.router]
