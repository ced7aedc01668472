"""Routes of mentoring, a file per noun."""

from service.mentoring.routes import coverage, log, matching, pairing, programme, studio

routers = [
    *pairing.routers,
    log.router,
    programme.router,
    coverage.router,
    matching.router,
    studio.router,
]
