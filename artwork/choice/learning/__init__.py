"""The learned state of a process: opened, advanced, folded anew beside the one in use."""
