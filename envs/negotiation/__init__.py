"""Bargaining: two seats with private values come in, a deal or none goes out, proved by what it is worth to each of them.

A world is one file of rules on `bargaining.Bargaining`: `market` trades several issues at once, `resource` splits items.
Below the rules lies what serves both: `domain` says what every outcome is worth, and which ones are efficient,
`scenarios` draws who wants what and `briefing` tells each seat, `speech` reads which terms a message names, `sharing` who
gets which items and `disclosure` what is given away, `record` reads the log, and `verify` judges it.
"""
