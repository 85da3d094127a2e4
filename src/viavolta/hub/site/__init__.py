"""The hub put together: settings, addresses, the API's root, the WSGI entry.

`config` reads the environment once; `settings` is Django's; nothing else reads the environment.
"""
