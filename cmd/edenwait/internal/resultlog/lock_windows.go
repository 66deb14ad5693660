package resultlog

// lockName is the file to lock. A lock on the results file would keep this process from
// reading it through another handle.
func lockName(path string) string { return path + ".lock" }
