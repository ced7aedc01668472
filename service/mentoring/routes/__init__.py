"""Routes of mentoring, a file per noun."""

from service.mentoring.routes import coverage, matching, pairing, programme, studio

routers = [*pairing.routers, programme.router, coverage.router, matching.router, studio.router]
