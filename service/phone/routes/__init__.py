"""Routes of the phone's side, a file per noun, in the order they are matched."""

from service.phone.routes import calendar_feeds, events, me, office, workload

routers = [me.router, events.router, *calendar_feeds.routers, office.router, workload.router]
