"""Routes of the phone's side, a file per noun, in the order they are matched."""

from service.phone.routes import calendar_feeds, me, office

routers = [me.router, *calendar_feeds.routers, office.router]
