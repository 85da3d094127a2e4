"""What a session costs and what its driver earns: tariffs, bills, battery wear, rewards.

`tariff` says what is paid for, `price` makes an account of a session line by line, in whole cents;
`flexible` says when a driver leaves the power to the plan, `wear` what discharging takes from a
battery, `measures` how much drivers plug in and take part; `payment` is the port to whoever takes
the money. No clock, no tables, no network.
"""
