"""What a session costs and what its driver earns: tariffs, bills, battery wear, rewards.

`tariff` says what is paid for, `price` makes an account of a session line by line, in whole cents;
`wear` and `reward` tell what discharging takes from a battery and brings its driver; `payment` is
the port to whoever takes the money; `privacy` keeps single drivers out of statistics. No clock, no
tables, no network.
"""
