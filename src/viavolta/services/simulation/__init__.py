"""The parts of `simulate`: what is believed on arrival, what each strategy does, what it led to.

`follow.follow` replays one strategy; `beliefs` learns from the past; `world` turns recorded
sessions into stays and limits; `prices` says which prices are known when; `accounts` shares out the
cost. May import engines, formats, catalogue and model.
"""
