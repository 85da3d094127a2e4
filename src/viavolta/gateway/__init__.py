"""The gateway: where charging stations connect, over WebSocket.

A station comes through the `doors` (who is it, may it), is held in the `hall`, and talks in a
`conversation`; what it says is durable (`committer`) before it is answered; what the hub asks of it
comes as rows (`commands`). `registry` keeps what the doors and the answers need in memory. Meets
the hub in storage only, and never imports it.
"""
