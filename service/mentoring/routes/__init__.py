"""Routes of mentoring, a file per noun."""

from service.mentoring.routes import (
    agreement,
    coverage,
    log,
    matching,
    pairing,
    programme,
    progress,
    studio,
)

routers = [
    *pairing.routers,
    agreement.router,
    log.router,
    programme.router,
    coverage.router,
    matching.router,
    *progress.routers,
    studio.router,
]
