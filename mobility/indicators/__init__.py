"""The monitor: indicators of spatial sorting (method 7), as functions of counts that add up over partitions. Pure."""
