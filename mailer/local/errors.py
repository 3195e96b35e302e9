class ServerError(Exception):
    """An embedded server or process did not start; the message says which, why and what to do."""

    code = "local_server"
