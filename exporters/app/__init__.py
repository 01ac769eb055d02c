"""An application's own metrics: requests, users, database and browsers, beside those that it defines itself.

Needs `prometheus_client` (the extra `app`). Nothing of the engine but its lowest layer is imported here, since this
runs in the application.

    asgi        FastAPI, Starlette, and any other ASGI application
    flask       Flask
    django      Django, over WSGI or ASGI
    wsgi        any other WSGI application
    sqlalchemy  pools and queries of SQLAlchemy
"""
