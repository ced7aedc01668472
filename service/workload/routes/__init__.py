"""Routes of workload, a file per noun."""

from service.workload.routes import lists, rates, statements

routers = [rates.router, statements.router, lists.router]
