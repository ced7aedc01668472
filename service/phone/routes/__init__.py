"""Routes of the phone's side, a file per noun, in the order they are matched."""

from service.phone.routes import calendar_feeds, me, office, workload

routers = [me.router, *calendar_feeds.routers, office.router, workload.router]
