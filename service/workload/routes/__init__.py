"""Routes of workload, a file per noun."""

from service.workload.routes import certificates, lists, rates, statements

routers = [rates.router, statements.router, lists.router, certificates.router]
