"""Routes of mentoring, a file per noun."""

from service.mentoring.routes import (
    agreement,
    coverage,
    goal,
    log,
    matching,
    pairing,
    programme,
    progress,
    studio,
    visit,
)

routers = [
    *pairing.routers,
    agreement.router,
    goal.router,
    log.router,
    programme.router,
    coverage.router,
    matching.router,
    *progress.routers,
    studio.router,
    visit.router,
]
