package chain

func middle(t *Top, hook func()) {
	for t.Count < Limit {
		bottom(hook)
	}
}
