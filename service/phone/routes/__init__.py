"""Routes of the phone's side, a file per noun, in the order they are matched."""

from service.phone.routes import me

routers = [me.router]
