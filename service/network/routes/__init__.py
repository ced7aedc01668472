"""The network over HTTP: the district, schools, campuses, groups, charters, codes, tasks."""

from service.network.routes import (
    campuses,
    charters,
    codelists,
    districts,
    groups,
    heads,
    members,
    schools,
    tasks,
)

routers = [
    districts.router,
    schools.router,
    campuses.router,
    groups.router,
    members.router,
    heads.router,
    charters.router,
    codelists.router,
    tasks.router,
]
