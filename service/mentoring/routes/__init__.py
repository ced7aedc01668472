"""Routes of mentoring, a file per noun."""

from service.mentoring.routes import (
    agreement,
    appraisal,
    coverage,
    goal,
    log,
    matching,
    office,
    pairing,
    printing,
    programme,
    progress,
    report,
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
    # Before the appraisals: their ids would swallow the ending.
    *printing.routers,
    appraisal.router,
    report.router,
    *office.routers,
    studio.router,
    visit.router,
]
